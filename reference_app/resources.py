"""What the running app holds, opened in order and closed in reverse."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from reference_app.audit import AuditLog
from reference_app.auth.signing_keys import SigningKeys
from reference_app.auth.tokens import Tokens
from reference_app.background.jobs import Jobs
from reference_app.caches.public_cache import PublicCache
from reference_app.caches.response_cache import ResponseCache
from reference_app.caches.tenant_cache import TenantCache
from reference_app.caches.versions import Versions
from reference_app.changes import Changes
from reference_app.events.hub import EventHub
from reference_app.exports import Exporter
from reference_app.foundation import Foundation, open_foundation
from reference_app.limits.allowances import Allowances
from reference_app.metrics import Metrics
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.storage.seam import Flag, SigningWebhook, TenantStore
from reference_app.tenants.configuration import Configuration, Configurations
from reference_app.tenants.housekeeping import Housekeeping
from reference_app.tenants.onboarding import Onboard
from reference_app.tenants.open_tenants import OpenTenants
from reference_app.tenants.opening import Opening
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.start_up import start_up
from reference_app.tenants.tenant import Tenant
from reference_app.webhooks.sender import WebhookSender


@dataclass(frozen=True, slots=True)
class Resources(Foundation):
    """All that requests are answered with."""

    onboard: Onboard
    signing_keys: SigningKeys
    tokens: Tokens
    tenants: OpenTenants
    configurations: Configurations
    configuration_cache: TenantCache[Configuration]
    flag_cache: TenantCache[Sequence[Flag]]
    response_cache: ResponseCache
    public_cache: PublicCache
    hub: EventHub
    jobs: Jobs
    audit: AuditLog
    exporter: Exporter
    webhook_cache: TenantCache[Sequence[SigningWebhook]]
    webhooks: WebhookSender
    changes: Changes
    metrics: Metrics

    async def configuration_of(self, tenant: Tenant) -> Configuration:
        """Return a tenant's configuration, as remembered or as stored."""
        return await self.configuration_cache.get(
            tenant, lambda: self.configurations.load(tenant.id)
        )

    async def let_go(self, tenant: Tenant) -> None:
        """End what this process does for a tenant that leaves, or has left."""
        self.hub.end(tenant, "tenant")
        await self.jobs.end(tenant)
        await self.tenants.close(tenant.id)
        self.directory.forget(tenant.id)
        self.signing_keys.forget(tenant.id)
        self.response_cache.forget(tenant)
        self.metrics.forget(tenant)


@dataclass(frozen=True, slots=True)
class CurrentTenant:
    """Whom a request is for, and what is open for it."""

    tenant: Tenant
    runtime: TenantRuntime

    @property
    def store(self) -> TenantStore:
        """Where the tenant's rows are."""
        return self.runtime.store


def resources_in(scope: Mapping[str, Any]) -> Resources:
    """Return what the lifespan has put into the state of an ASGI scope.

    Raises:
        RuntimeError: The server has not run the lifespan.
    """
    try:
        return cast("Resources", scope["state"]["resources"])
    except KeyError:
        raise RuntimeError("the app needs a server that runs its lifespan") from None


@asynccontextmanager
async def open_resources(settings: Settings, parts: Parts) -> AsyncIterator[Resources]:
    """Open all, and every active tenant as far as it can be opened."""
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(open_foundation(settings, parts))
        known = _Known(
            configurations=Configurations(base.control),
            configuration_cache=parts.configuration_cache(settings),
            flag_cache=parts.flag_cache(settings),
            versions=Versions(),
            allowances=Allowances(base.control),
        )
        tenants = await stack.enter_async_context(_opened_tenants(base, parts, known))
        jobs = await stack.enter_async_context(
            parts.jobs(settings, tenants, base.logger)
        )
        resources = _assembled(base, parts, known, tenants, jobs)
        housekeeping = Housekeeping(
            tenants,
            base.directory,
            known.allowances,
            let_go=resources.let_go,
            settings=settings,
            logger=base.logger,
        )
        await stack.enter_async_context(housekeeping.running())
        stack.callback(resources.hub.close)
        yield resources


@dataclass(frozen=True, slots=True)
class _Known:
    """What outlives the tenants that are open: they are opened with it."""

    configurations: Configurations
    configuration_cache: TenantCache[Configuration]
    flag_cache: TenantCache[Sequence[Flag]]
    versions: Versions
    allowances: Allowances


@asynccontextmanager
async def _opened_tenants(
    base: Foundation, parts: Parts, known: _Known
) -> AsyncIterator[OpenTenants]:
    """Open the way to the model provider, and the tenants that start-up opens."""
    settings = base.settings
    async with parts.provider(settings, base.logger) as provider:
        opening = Opening(
            settings=settings,
            parts=parts,
            control=base.control,
            allowances=known.allowances,
            storage=base.storage,
            provider=provider,
            configurations=known.configurations,
            configuration_cache=known.configuration_cache,
            flag_cache=known.flag_cache,
            versions=known.versions,
            logger=base.logger,
        )
        async with parts.tenants(settings, opening.open, base.logger) as tenants:
            await start_up(tenants, await base.directory.by_last_use(), settings)
            yield tenants


def _assembled(
    base: Foundation, parts: Parts, known: _Known, tenants: OpenTenants, jobs: Jobs
) -> Resources:
    """Put together what needs no closing of its own."""
    settings = base.settings
    signing_keys = parts.signing_keys(settings, base.control)
    response_cache = parts.response_cache(settings)
    hub = parts.hub(settings)
    audit = parts.audit(jobs, base.logger)
    webhook_cache = parts.webhook_cache(settings)
    webhooks = parts.webhooks(settings, jobs, webhook_cache, base.logger)
    return Resources(
        settings=settings,
        logger=base.logger,
        control=base.control,
        storage=base.storage,
        directory=base.directory,
        passwords=base.passwords,
        onboard=parts.onboard,
        signing_keys=signing_keys,
        tokens=parts.tokens(settings, signing_keys),
        tenants=tenants,
        configurations=known.configurations,
        configuration_cache=known.configuration_cache,
        flag_cache=known.flag_cache,
        response_cache=response_cache,
        public_cache=parts.public_cache(settings),
        hub=hub,
        jobs=jobs,
        audit=audit,
        exporter=parts.exporter(settings, jobs, base.logger),
        webhook_cache=webhook_cache,
        webhooks=webhooks,
        changes=Changes(
            response_cache=response_cache,
            audit=audit,
            hub=hub,
            webhooks=webhooks,
            versions=known.versions,
        ),
        metrics=parts.metrics(settings),
    )
