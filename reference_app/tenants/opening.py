"""How what a tenant needs is opened, warmed, and closed again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from reference_app.caches.tenant_cache import TenantCache
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.storage.seam import Flag, Storage, TenantStore
from reference_app.tenants.configuration import Configuration, Configurations
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant
from reference_app.tenants.terms import load_terms


class Opening:
    """Opens one tenant's resources for a block, ready for its first request.

    Args:
        settings: What applies where a tenant's terms say nothing.
        parts: How limits and model contexts are made.
        control: Where the terms are.
        storage: Where the rows are.
        configurations: Loads the configuration, to be remembered.
        configuration_cache: Remembers it.
        flag_cache: Remembers the flags.
    """

    def __init__(
        self,
        settings: Settings,
        parts: Parts,
        *,
        control: asyncpg.Pool,
        storage: Storage,
        configurations: Configurations,
        configuration_cache: TenantCache[Configuration],
        flag_cache: TenantCache[Sequence[Flag]],
    ) -> None:
        self._settings = settings
        self._parts = parts
        self._control = control
        self._storage = storage
        self._configurations = configurations
        self._configuration_cache = configuration_cache
        self._flag_cache = flag_cache

    @asynccontextmanager
    async def open(self, tenant: Tenant) -> AsyncIterator[TenantRuntime]:
        """Yield what is the tenant's own; whatever fails, nothing stays open."""
        async with self._storage.open(tenant) as store:
            terms = await load_terms(self._control, self._settings, tenant.id)
            await self._warm(tenant, store)
            yield TenantRuntime(
                store=store,
                context=self._parts.model_context(tenant, terms),
                limits=self._parts.rate_limits(tenant, terms.rates),
            )

    async def _warm(self, tenant: Tenant, store: TenantStore) -> None:
        """Load what most requests ask for."""

        async def flags() -> Sequence[Flag]:
            async with store.session() as session:
                return await session.flags.all()

        await self._flag_cache.get(tenant, flags)
        await self._configuration_cache.get(
            tenant, lambda: self._configurations.load(tenant.id)
        )
