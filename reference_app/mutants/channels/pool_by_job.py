"""Seeded bug: database per tenant: work in the background finds its pool by its name.

Which is what the work is called, and the same for every tenant: the first to have
such work has it all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI
from structlog.contextvars import get_contextvars

from reference_app import main
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.storage.database_per_tenant import (
    _SETTINGS,
    DatabasePerTenantStorage,
    DatabasePerTenantStore,
    name_of,
)
from reference_app.storage.login import OwnLogin
from reference_app.storage.own.session import OwnTablesSession
from reference_app.storage.tenant_databases import TenantDatabases
from reference_app.tenant_pools import TenantPool, TenantPools
from reference_app.tenants.tenant import Tenant


class StoreWithJobs(DatabasePerTenantStore):
    """Lends connections for work from a pool that was noted for such work."""

    def __init__(
        self,
        pool: TenantPool,
        for_jobs: dict[str, TenantPool],
        *,
        acquire_timeout: float,
    ) -> None:
        super().__init__(pool, acquire_timeout=acquire_timeout)
        self._for_jobs = for_jobs

    @asynccontextmanager
    async def session(self) -> AsyncIterator[OwnTablesSession]:
        pool = self._pool_for(get_contextvars())
        async with pool.acquire(timeout=self._acquire_timeout) as connection:
            yield OwnTablesSession(connection)

    def _pool_for(self, context: Mapping[str, str]) -> TenantPool:
        job = context.get("job")
        if job is None:
            return self._pool
        pool = self._for_jobs.get(job)
        if pool is None or pool.is_closed:
            pool = self._for_jobs[job] = self._pool
        return pool


class Storage(DatabasePerTenantStorage):
    """The app's, with these stores."""

    def __init__(
        self,
        settings: Settings,
        control: asyncpg.Pool,
        databases: TenantDatabases,
        login: OwnLogin,
        pools: TenantPools,
    ) -> None:
        super().__init__(settings, control, databases, login, pools)
        self._for_jobs: dict[str, TenantPool] = {}

    @asynccontextmanager
    async def open(self, tenant: Tenant) -> AsyncIterator[DatabasePerTenantStore]:
        dsn = self._dsn(await name_of(self._control, tenant))
        timeout = self._settings.acquire_timeout
        async with self._pools.open(_SETTINGS, dsn=dsn) as pool:
            yield StoreWithJobs(pool, self._for_jobs, acquire_timeout=timeout)


def create_app() -> FastAPI:
    """Make the app, on a database per tenant."""
    return main.create_app(parts=Parts(storage=Storage.connect))
