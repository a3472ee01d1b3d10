"""How what a tenant needs is opened, warmed, and closed again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg
from structlog.stdlib import BoundLogger

from reference_app.ai.context import ModelContext
from reference_app.ai.provider import Account, Provider
from reference_app.ai.token_budget import TokenBudget, today
from reference_app.caches.tenant_cache import TenantCache
from reference_app.caches.versions import Versions
from reference_app.limits.allowances import Allowances
from reference_app.limits.rate_limits import RateLimits
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.storage.seam import Flag, Storage, TenantStore, UsageRow
from reference_app.tenants.configuration import Configuration, Configurations
from reference_app.tenants.ending import EndingSignal
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant
from reference_app.tenants.terms import Terms, load_terms


@dataclass(frozen=True, slots=True)
class Opening:
    """Opens one tenant's resources for a block, ready for its first request.

    Attributes:
        settings: What applies where a tenant's terms say nothing.
        parts: How limits are made, and what the assistant has of a tenant.
        control: Where the terms are.
        allowances: Knows what was taken of the limits, here or elsewhere.
        storage: Where the rows are.
        provider: Where accounts are; None if there is no assistant.
        configurations: Loads the configuration, to be remembered.
        configuration_cache: Remembers it.
        flag_cache: Remembers the flags.
        versions: Tells of writes.
        logger: Where failures are told that do not keep a tenant from opening.
    """

    settings: Settings
    parts: Parts
    control: asyncpg.Pool
    allowances: Allowances
    storage: Storage
    provider: Provider | None
    configurations: Configurations
    configuration_cache: TenantCache[Configuration]
    flag_cache: TenantCache[Sequence[Flag]]
    versions: Versions
    logger: BoundLogger

    @asynccontextmanager
    async def open(self, tenant: Tenant) -> AsyncIterator[TenantRuntime]:
        """Yield what is the tenant's own; whatever fails, nothing stays open."""
        async with self.storage.open(tenant) as store:
            terms = await load_terms(self.control, self.settings, tenant.id)
            budget = self._budget(terms, store)
            await self._warm(tenant, store, budget)
            account = await self._account(terms)
            async with (
                self._limits(tenant, terms) as limits,
                asyncio.TaskGroup() as settling,
            ):
                context = self._context(tenant, store, account, budget, settling)
                yield TenantRuntime(
                    store=store, context=context, limits=limits, ending=context.ending
                )

    async def _warm(
        self, tenant: Tenant, store: TenantStore, budget: TokenBudget
    ) -> None:
        """Load what most requests ask for.

        The cache has its turn after the session: whoever waits for the one must not
        hold the other, which somebody in the cache may be waiting for.
        """
        day = today()
        async with store.session() as session:
            found = await session.flags.all()
            budget.begin(day, _tokens(await session.usage.since(day)))

        async def flags() -> Sequence[Flag]:
            return found

        await self.flag_cache.get(tenant, flags)
        await self._configuration(tenant)

    @asynccontextmanager
    async def _limits(self, tenant: Tenant, terms: Terms) -> AsyncIterator[RateLimits]:
        """Yield the buckets as they were left, and leave them for the next time."""
        limits = self.parts.rate_limits(tenant, terms.rates)
        limits.load(await self.allowances.load(tenant.id))
        try:
            yield limits
        finally:
            await self.allowances.exchange({tenant.id: limits})

    async def _configuration(self, tenant: Tenant) -> Configuration:
        return await self.configuration_cache.get(
            tenant, lambda: self.configurations.load(tenant.id)
        )

    async def _account(self, terms: Terms) -> Account | None:
        """Return the tenant's account; what the provider's failures do not prevent."""
        if self.provider is None or terms.provider_key is None:
            return None
        account = self.provider.account(terms.provider_key)
        await self.provider.prime(account)
        return account

    def _budget(self, terms: Terms, store: TenantStore) -> TokenBudget:
        async def spent(since: datetime) -> int:
            async with store.session() as session:
                return _tokens(await session.usage.since(since))

        freshness = self.settings.budget_freshness
        return TokenBudget(terms.tokens_per_day, spent, freshness)

    def _context(
        self,
        tenant: Tenant,
        store: TenantStore,
        account: Account | None,
        budget: TokenBudget,
        settling: asyncio.TaskGroup,
    ) -> ModelContext:
        async def system() -> str:
            configuration = await self._configuration(tenant)
            return self.parts.system_prompt(tenant, configuration)

        return ModelContext(
            settings=self.settings,
            store=store,
            account=account,
            system=system,
            tools=self.parts.tools(store),
            memory=self.parts.memory(self.settings, store),
            budget=budget,
            answers=self.parts.similar_answers(self.settings, tenant),
            version=lambda: self.versions.of(tenant),
            settling=settling,
            ending=EndingSignal(),
            logger=self.logger,
        )


def _tokens(rows: Sequence[UsageRow]) -> int:
    return sum(row.input_tokens + row.output_tokens for row in rows)
