"""All tenants in the same tables, told apart by a column, over one pool."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

import asyncpg

from reference_app.migrations import Connection, prepare, series
from reference_app.pools import Connections, connections_of, open_pool
from reference_app.settings import Settings
from reference_app.storage.shared.session import SharedTablesSession
from reference_app.tenants.tenant import NewPlace, Tenant


class SharedTablesStore:
    """The part of the shared tables that is one tenant's."""

    def __init__(self, storage: SharedTablesStorage, tenant: Tenant) -> None:
        self._storage = storage
        self._tenant = tenant

    @asynccontextmanager
    async def session(self) -> AsyncIterator[SharedTablesSession]:
        """Borrow a connection of everybody's."""
        async with self._storage.acquire() as connection:
            yield self._storage.session_type(connection, self._tenant)


class SharedTablesStorage:
    """Keeps every tenant's rows in the schema `shared`."""

    session_type = SharedTablesSession

    def __init__(self, settings: Settings, pool: asyncpg.Pool) -> None:
        self._settings = settings
        self._pool = pool

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, settings: Settings, control: asyncpg.Pool
    ) -> AsyncIterator[SharedTablesStorage]:
        """Bring the tables up to date and open the pool."""
        await prepare(control, "shared", series("shared"))
        async with open_pool(settings, max_size=settings.shared_pool_max) as pool:
            yield cls(settings, pool)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """Borrow a connection."""
        timeout = self._settings.acquire_timeout
        async with self._pool.acquire(timeout=timeout) as connection:
            yield connection

    def connections(self) -> Connections:
        """Count the connections of everybody's pool."""
        return connections_of(self._pool)

    def place(self, slug: str, name: str, database: str) -> NewPlace:
        """Return no place: the tables are shared."""
        return NewPlace(schema=None, role=None)

    @asynccontextmanager
    async def changes(self) -> AsyncIterator[Self]:
        """Yield itself: all that it does is part of the transaction."""
        yield self

    async def provision(
        self, connection: Connection, tenant: Tenant
    ) -> SharedTablesSession:
        """Make nothing: the tables are there."""
        return self.session_type(connection, tenant)

    async def remove(self, connection: Connection, tenant: Tenant) -> None:
        """Remove nothing: each row goes with the tenant that it refers to."""

    async def upgrade(self, connection: Connection, tenant: Tenant) -> None:
        """Change nothing: starting the app brings the tables up to date."""

    @asynccontextmanager
    async def open(self, tenant: Tenant) -> AsyncIterator[SharedTablesStore]:
        """Yield the tenant's part."""
        yield SharedTablesStore(self, tenant)
