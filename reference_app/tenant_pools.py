"""A pool of connections for each tenant, all of them within one budget."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Self

import asyncpg
from pydantic import SecretStr

from reference_app.connection_budget import ConnectionBudget, Reservation
from reference_app.kept import Kept
from reference_app.migrations import Connection
from reference_app.pools import Connections, connections_of, open_pool
from reference_app.settings import Settings


class PoolClosed(ConnectionError):
    """The pool cannot be used any more; another one may be open."""


class TenantPools:
    """Opens pools of single tenants, and puts those to sleep that are not in use.

    A pool is awake from its first use until others need its connections: then
    those sleep first whose last use is longest ago. A pool in use never sleeps;
    who needs a connection and finds all in use waits `acquire_timeout` seconds.

    The arithmetic: asyncpg keeps `min_size` connections as a floor, which a task
    of its own restores while others are being opened. So a pool from which `n` may
    borrow at once counts as `min(tenant_pool_max, pool_min + n)`. It gets its floor
    and one when it wakes, and one more at a time while there are free ones.

    Args:
        settings: Sizes and times.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._budget = ConnectionBudget(settings.connection_budget, self.reclaim)
        self._keepers = asyncio.TaskGroup()
        self._context = contextvars.Context()
        self._awake: dict[TenantPool, Kept[AwakePool]] = {}
        self._going: dict[Kept[AwakePool], int] = {}

    async def __aenter__(self) -> Self:
        await self._keepers.__aenter__()
        self._context = contextvars.copy_context()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for kept in self._awake.values():
            kept.close()
        await self._keepers.__aexit__(None, None, None)

    @asynccontextmanager
    async def open(
        self, server_settings: Mapping[str, str], *, dsn: SecretStr | None = None
    ) -> AsyncIterator[TenantPool]:
        """Open one tenant's pool for a block; it connects on first use.

        Args:
            server_settings: What a connection starts with and is reset to.
            dsn: Where the tenant's database is, if it is not everybody's.
        """
        pool = TenantPool(self, server_settings, dsn)
        try:
            yield pool
        finally:
            pool.is_closed = True
            kept = self._awake.get(pool)
            if kept is not None:
                kept.close()
                await kept.closed()

    async def awake(self, pool: TenantPool) -> Kept[AwakePool]:
        """Return an awake pool; between this and its lease nobody else may run.

        Raises:
            PoolClosed: The block that opened it is left.
        """
        while not pool.is_closed:
            kept = self._awake.pop(pool, None) or self._wake(pool)
            self._awake[pool] = kept  # the last to be used is the last to sleep
            await kept.settled()
            if kept.state == "open":
                return kept
            # That one waited in vain for connections is not what the next is told,
            # who has more patience left: each waits for as long as it wants to.
            if kept.error is not None and not isinstance(kept.error, TimeoutError):
                raise kept.error
        raise PoolClosed("the tenant was closed while it was in use")

    def connections(self) -> Connections:
        """Count the connections of all tenants together."""
        counts = (
            connections_of(kept.thing.pool)
            for kept in self._awake.values()
            if kept.state == "open"
        )
        return sum(counts, Connections())

    def reclaim(self) -> None:
        """Put pools to sleep until those who wait can be served."""
        missing = self._budget.missing
        if missing == 0:
            return
        missing -= sum(self._going.values())
        for kept in self._awake.values():
            if missing <= 0:
                return
            if kept.is_idle():
                self._going[kept] = kept.thing.connections
                missing -= kept.thing.connections
                kept.close()

    @property
    def _least(self) -> int:
        """Connections that a pool counts as when it wakes."""
        return min(self._settings.tenant_pool_max, self._settings.pool_min + 1)

    def _wake(self, pool: TenantPool) -> Kept[AwakePool]:
        kept = Kept(
            lambda: self._opened(pool),
            deadline=self._settings.acquire_timeout,
            patience=self._settings.close_timeout,
            on_unused=self.reclaim,
        )
        self._keepers.create_task(
            self._run(pool, kept), name="pool", context=self._context.copy()
        )
        return kept

    async def _run(self, pool: TenantPool, kept: Kept[AwakePool]) -> None:
        try:
            await kept.run()
        finally:
            self._going.pop(kept, None)
            if self._awake.get(pool) is kept:
                del self._awake[pool]

    @asynccontextmanager
    async def _opened(self, pool: TenantPool) -> AsyncIterator[AwakePool]:
        async with (
            self._budget.reserve(self._least) as reservation,
            open_pool(
                self._settings,
                min_size=self._settings.pool_min,
                max_size=self._settings.tenant_pool_max,
                server_settings=pool.server_settings,
                dsn=pool.dsn,
            ) as connections,
        ):
            yield AwakePool(connections, reservation, self._settings)


class TenantPool:
    """One tenant's connections, whether some are open or not.

    Args:
        pools: Where it belongs.
        server_settings: What a connection starts with and is reset to.
        dsn: Where the tenant's database is, if it is not everybody's.
    """

    def __init__(
        self,
        pools: TenantPools,
        server_settings: Mapping[str, str],
        dsn: SecretStr | None,
    ) -> None:
        self.server_settings = server_settings
        self.dsn = dsn
        self.is_closed = False
        self._pools = pools

    @asynccontextmanager
    async def acquire(self, *, timeout: float) -> AsyncIterator[Connection]:
        """Borrow a connection.

        Args:
            timeout: Seconds to wait for one.

        Raises:
            TimeoutError: There was none in time.
            PoolClosed: The tenant is not open any more.
        """
        async with AsyncExitStack() as borrowed:
            async with asyncio.timeout(timeout):
                kept = await self._pools.awake(self)
                awake = borrowed.enter_context(kept.lease())
                connection = await borrowed.enter_async_context(awake.lend())
            yield connection


class AwakePool:
    """An open pool, and how many may borrow from it at once.

    Args:
        pool: The pool.
        reservation: How many connections it may have.
        settings: How many it may have at most, and as a floor.
    """

    def __init__(
        self, pool: asyncpg.Pool, reservation: Reservation, settings: Settings
    ) -> None:
        self.pool = pool
        self._reservation = reservation
        self._floor = settings.pool_min
        self._most = settings.tenant_pool_max
        self._patience = settings.close_timeout
        self._borrowers = 1
        self._turns = asyncio.Semaphore(self._borrowers)

    @property
    def connections(self) -> int:
        """How many it counts as."""
        return self._reservation.count

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Connection]:
        """Lend a connection for a block."""
        async with self._turn():
            connection = await self.pool.acquire()
            try:
                yield connection
            finally:
                await self._take_back(connection)

    async def _take_back(self, connection: asyncpg.pool.PoolConnectionProxy) -> None:
        """Reset a connection; ends when that is done, also for those who leave.

        asyncpg goes on with it when they do. If they ended their turn then, the
        next would find none that is free, and open one too many.
        """
        done = asyncio.create_task(self.pool.release(connection))
        try:
            await asyncio.shield(done)
        except asyncio.CancelledError:
            await asyncio.wait([done], timeout=self._patience)
            if done.done() and not done.cancelled():
                done.exception()  # the leaver is told that he leaves
            raise

    def _turn(self) -> asyncio.Semaphore:
        """Return what to hold while borrowing; lets one more in if it can."""
        if self._turns.locked() and self._borrowers < self._most:
            needed = min(self._most, self._floor + self._borrowers + 1)
            if needed <= self._reservation.count or self._reservation.grow():
                self._borrowers += 1
                self._turns.release()
        return self._turns
