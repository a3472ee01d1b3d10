"""The default: a schema, a role and a pool for each tenant.

A tenant's connections start in its role. The role and the search path are
start-up parameters of the connection: resetting the connection leads back to
them, not out of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from reference_app.identifiers import quote_identifier
from reference_app.pools import Connections
from reference_app.settings import Settings
from reference_app.storage.own.session import OwnTablesSession
from reference_app.storage.schema_and_role import SchemaAndRole
from reference_app.tenant_pools import TenantPool, TenantPools
from reference_app.tenants.tenant import Tenant


class SchemaPerTenantStore:
    """One tenant's own pool."""

    def __init__(self, pool: TenantPool, *, acquire_timeout: float) -> None:
        self._pool = pool
        self._acquire_timeout = acquire_timeout

    @asynccontextmanager
    async def session(self) -> AsyncIterator[OwnTablesSession]:
        """Borrow a connection of the tenant's."""
        async with self._pool.acquire(timeout=self._acquire_timeout) as connection:
            yield OwnTablesSession(connection)


class SchemaPerTenantStorage(SchemaAndRole):
    """Opens a pool per tenant, in the tenant's role."""

    def __init__(self, settings: Settings, pools: TenantPools) -> None:
        self._settings = settings
        self._pools = pools

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, settings: Settings, _control: asyncpg.Pool
    ) -> AsyncIterator[SchemaPerTenantStorage]:
        """Yield the storage, whose pools keep within one budget."""
        async with TenantPools(settings) as pools:
            yield cls(settings, pools)

    def connections(self) -> Connections:
        """Count the connections of tenants' pools."""
        return self._pools.connections()

    @asynccontextmanager
    async def open(self, tenant: Tenant) -> AsyncIterator[SchemaPerTenantStore]:
        """Open the tenant's pool."""
        server_settings = {
            "role": tenant.own_role,
            "search_path": quote_identifier(tenant.own_schema),
        }
        async with self._pools.open(server_settings) as pool:
            yield SchemaPerTenantStore(
                pool, acquire_timeout=self._settings.acquire_timeout
            )
