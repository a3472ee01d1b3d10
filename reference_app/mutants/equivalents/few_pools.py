"""Harmless: a few pools stay open; one that nobody uses makes room for another."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI

from reference_app import main
from reference_app.identifiers import quote_identifier
from reference_app.migrations import Connection
from reference_app.parts import Parts
from reference_app.pools import Connections, connections_of
from reference_app.settings import Settings
from reference_app.storage.own.session import OwnTablesSession
from reference_app.storage.schema_and_role import SchemaAndRole
from reference_app.tenants.tenant import Tenant


class FewPoolsStore:
    """One tenant's rows, over its pool, whether that is open or not."""

    def __init__(self, storage: FewPoolsStorage, tenant: Tenant) -> None:
        self._storage = storage
        self._tenant = tenant

    @asynccontextmanager
    async def session(self) -> AsyncIterator[OwnTablesSession]:
        """Borrow a connection of the tenant's."""
        async with self._storage.lend(self._tenant) as connection:
            yield OwnTablesSession(connection)


class FewPoolsStorage(SchemaAndRole):
    """Opens a tenant's pool on use; the one used longest ago is cut off first."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._most = max(1, settings.connection_budget // settings.tenant_pool_max)
        self._pools: OrderedDict[str, asyncpg.Pool] = OrderedDict()
        self._users: Counter[str] = Counter()
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, settings: Settings, _control: asyncpg.Pool
    ) -> AsyncIterator[FewPoolsStorage]:
        """Yield the storage, whose pools are closed at the end."""
        storage = cls(settings)
        try:
            yield storage
        finally:
            await storage.close()

    async def close(self) -> None:
        """Close what is open."""
        while self._pools:
            await self._close(next(reversed(self._pools)))

    @asynccontextmanager
    async def open(self, tenant: Tenant) -> AsyncIterator[FewPoolsStore]:
        """Yield the tenant's rows; its pool is opened on use."""
        yield FewPoolsStore(self, tenant)

    async def remove(self, connection: Connection, tenant: Tenant) -> None:
        """Remove a tenant's place, and close its pool, which leads nowhere then."""
        await self._close(tenant.own_role)
        await super().remove(connection, tenant)

    def connections(self) -> Connections:
        """Count the connections of tenants' pools."""
        return sum(map(connections_of, self._pools.values()), Connections())

    @asynccontextmanager
    async def lend(self, tenant: Tenant) -> AsyncIterator[Connection]:
        """Lend a connection of a tenant's for a block."""
        role = tenant.own_role
        self._users[role] += 1
        try:
            pool = await self._pool(tenant)
            self._pools.move_to_end(role)
            patience = self._settings.acquire_timeout
            async with pool.acquire(timeout=patience) as connection:
                yield connection
        finally:
            self._users[role] -= 1

    async def _pool(self, tenant: Tenant) -> asyncpg.Pool:
        async with self._locks[tenant.own_role]:
            return self._pools.get(tenant.own_role) or await self._open_pool(tenant)

    async def _open_pool(self, tenant: Tenant) -> asyncpg.Pool:
        pool = await asyncpg.create_pool(
            self._settings.dsn.get_secret_value(),
            min_size=1,
            max_size=self._settings.tenant_pool_max,
            timeout=self._settings.acquire_timeout,
            command_timeout=self._settings.statement_timeout,
            server_settings={
                "application_name": "reference_app",
                "role": tenant.own_role,
                "search_path": quote_identifier(tenant.own_schema),
            },
        )
        self._pools[tenant.own_role] = pool
        surplus = max(0, len(self._pools) - self._most)
        for role in self._dispensable(tenant)[:surplus]:
            self._pools.pop(role).terminate()
        return pool

    async def _close(self, role: str) -> None:
        pool = self._pools.pop(role, None)
        if pool is None:
            return
        try:
            async with asyncio.timeout(self._settings.close_timeout):
                await pool.close()
        except TimeoutError:
            pool.terminate()

    def _dispensable(self, tenant: Tenant) -> Sequence[str]:
        """Return the pools that nobody uses, the one used longest ago first."""
        return [role for role in self._pools if not self._users[role]]


def create_app() -> FastAPI:
    """Make the app, on few pools."""
    return main.create_app(parts=Parts(storage=FewPoolsStorage.connect))
