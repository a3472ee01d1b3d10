"""The default: a schema, a role and a pool for each tenant.

A tenant's connections start in its role, which reaches its own schema and
nothing else, so a statement that forgets whose data it wants still cannot find
another's. The role and the search path are start-up parameters of the
connection: resetting the connection leads back to them, not out of them.

The login of the DSN makes the roles and is a member of each. A superuser can be
that login, and so can any role with CREATEROLE that may create schemas in the
database. Logging in as each tenant would be stricter still, at the price of a
password per tenant to keep and to rotate.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from reference_app.identifiers import quote_identifier
from reference_app.migrations import Connection, create_schema, migrate, series
from reference_app.pools import open_pool
from reference_app.settings import Settings
from reference_app.storage.own_tables import OwnTablesSession
from reference_app.tenants.tenant import NewPlace, Tenant


class SchemaPerTenantStore:
    """One tenant's own pool."""

    def __init__(self, pool: asyncpg.Pool, *, acquire_timeout: float) -> None:
        self._pool = pool
        self._acquire_timeout = acquire_timeout

    @asynccontextmanager
    async def session(self) -> AsyncIterator[OwnTablesSession]:
        """Borrow a connection of the tenant's."""
        async with self._pool.acquire(timeout=self._acquire_timeout) as connection:
            yield OwnTablesSession(connection)


class SchemaPerTenantStorage:
    """Opens a pool per tenant, in the tenant's role."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, settings: Settings, _control: asyncpg.Pool
    ) -> AsyncIterator[SchemaPerTenantStorage]:
        """Yield the storage; it holds nothing but what is opened from it."""
        yield cls(settings)

    def place(self, slug: str, name: str, database: str) -> NewPlace:
        """Name schema and role; roles are a whole cluster's, so the database counts."""
        suffix = hashlib.sha256(database.encode()).hexdigest()[:8]
        return NewPlace(schema=f"tenant_{slug}", role=f"tenant_{slug}_{suffix}")

    async def provision(
        self, connection: Connection, tenant: Tenant
    ) -> OwnTablesSession:
        """Make schema and role."""
        role = tenant.own_role
        # A role outlives its database; one of this name was made for the same one.
        known = "SELECT true FROM pg_roles WHERE rolname = $1"
        if not await connection.fetchval(known, role):
            quoted = quote_identifier(role)
            await connection.execute(
                f"CREATE ROLE {quoted} NOLOGIN; GRANT {quoted} TO CURRENT_USER"
            )
        await create_schema(connection, tenant.own_schema)
        await self.upgrade(connection, tenant)
        return OwnTablesSession(connection)

    async def upgrade(self, connection: Connection, tenant: Tenant) -> None:
        """Apply new migrations to the schema, and let the role use what is in it."""
        await migrate(connection, tenant.own_schema, series("tenant"))
        schema = quote_identifier(tenant.own_schema)
        role = quote_identifier(tenant.own_role)
        await connection.execute(
            f"GRANT USAGE ON SCHEMA {schema} TO {role};"
            "GRANT SELECT, INSERT, UPDATE, DELETE "
            f"ON ALL TABLES IN SCHEMA {schema} TO {role};"
            f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role};"
            f"REVOKE ALL ON {schema}.migrations FROM {role}"
        )

    @asynccontextmanager
    async def open(self, tenant: Tenant) -> AsyncIterator[SchemaPerTenantStore]:
        """Open the tenant's pool."""
        async with open_pool(
            self._settings,
            max_size=self._settings.tenant_pool_max,
            server_settings={
                "role": tenant.own_role,
                "search_path": quote_identifier(tenant.own_schema),
            },
        ) as pool:
            yield SchemaPerTenantStore(
                pool, acquire_timeout=self._settings.acquire_timeout
            )
