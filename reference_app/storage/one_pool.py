"""A schema for each tenant, all over one pool whose role reaches every schema.

The schema is called like the tenant, so that whoever administers the database
can read it. A name may contain anything, quotes and commas too, and it selects
data: it is quoted by `quote_identifier` and travels as a parameter.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

import asyncpg

from reference_app.identifiers import quote_identifier, schema_named_after
from reference_app.migrations import Connection
from reference_app.migrations.tenant_schemas import (
    create_tenant_schema,
    upgrade_tenant_schema,
)
from reference_app.pools import Connections, connections_of, open_pool
from reference_app.settings import Settings
from reference_app.storage.own.session import OwnTablesSession
from reference_app.storage.seam import PlaceTaken
from reference_app.tenants.tenant import NewPlace, Tenant


class OnePoolStore:
    """One tenant's schema, seen through everybody's pool."""

    def __init__(self, storage: OnePoolStorage, tenant: Tenant) -> None:
        self._storage = storage
        self._tenant = tenant

    @asynccontextmanager
    async def session(self) -> AsyncIterator[OwnTablesSession]:
        """Borrow a connection and point it at the tenant's schema."""
        async with self._storage.acquire() as connection:
            await self._storage.enter(connection, self._tenant)
            yield OwnTablesSession(connection)


class OnePoolStorage:
    """Points connections at schemas."""

    def __init__(self, settings: Settings, pool: asyncpg.Pool) -> None:
        self._settings = settings
        self._pool = pool

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, settings: Settings, _control: asyncpg.Pool
    ) -> AsyncIterator[OnePoolStorage]:
        """Open the pool."""
        async with open_pool(settings, max_size=settings.shared_pool_max) as pool:
            yield cls(settings, pool)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """Borrow a connection; asyncpg resets it, search path and all, on return."""
        timeout = self._settings.acquire_timeout
        async with self._pool.acquire(timeout=timeout) as connection:
            yield connection

    async def enter(self, connection: Connection, tenant: Tenant) -> None:
        """Point a connection at a tenant's schema, until it is given back."""
        await connection.execute(
            "SELECT set_config('search_path', $1, false)",
            quote_identifier(tenant.own_schema),
        )

    def connections(self) -> Connections:
        """Count the connections of everybody's pool."""
        return connections_of(self._pool)

    def place(self, slug: str, name: str, database: str) -> NewPlace:
        """Name the schema after the tenant."""
        return NewPlace(schema=schema_named_after(name), role=None)

    @asynccontextmanager
    async def changes(self) -> AsyncIterator[Self]:
        """Yield itself: all that it makes is part of the transaction."""
        yield self

    async def provision(
        self, connection: Connection, tenant: Tenant
    ) -> OwnTablesSession:
        """Make the schema."""
        try:
            await create_tenant_schema(connection, tenant.own_schema)
        except asyncpg.DuplicateSchemaError:
            raise PlaceTaken(tenant.own_schema) from None
        return OwnTablesSession(connection)

    async def remove(self, connection: Connection, tenant: Tenant) -> None:
        """Drop the schema."""
        schema = quote_identifier(tenant.own_schema)
        await connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")

    async def upgrade(self, connection: Connection, tenant: Tenant) -> None:
        """Apply new migrations to the schema."""
        await upgrade_tenant_schema(connection, tenant.own_schema)

    @asynccontextmanager
    async def open(self, tenant: Tenant) -> AsyncIterator[OnePoolStore]:
        """Yield the tenant's view."""
        yield OnePoolStore(self, tenant)
