"""Small programs that the tests of the kernel put in order; some have races."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from harness.point import point
from harness.scheduling.kernel import Kernel
from tests.scheduling.ground import Scenario, acting, may_leave

_ASKS: Final = "select $1::text"


class Twice(AssertionError):
    """A tenant's pool was made twice."""


class Tenants:
    """Pools by tenant, made on first use: checks, awaits, then sets.

    Args:
        dsn: Of the database.
        suspends: Whether something is asked of the database between check and set.
        raises: Whether a second pool for a tenant is an error.
        asks: What a request asks of the database; ``$1`` is the tenant.
    """

    def __init__(
        self, dsn: str, *, suspends: bool, raises: bool = True, asks: str = _ASKS
    ) -> None:
        self._raises = raises
        self._asks = asks
        self._dsn = dsn
        self._suspends = suspends
        self._pools: dict[str, asyncpg.Pool] = {}
        self._made: list[asyncpg.Pool] = []

    async def pool(self, tenant: str) -> asyncpg.Pool:
        if tenant not in self._pools:
            pool = await asyncpg.create_pool(self._dsn, min_size=0, max_size=2)
            self._made.append(pool)
            if self._suspends:
                await pool.execute("select 1")
            if self._raises and tenant in self._pools:
                raise Twice
            self._pools[tenant] = pool
        return self._pools[tenant]

    async def request(self, tenant: str) -> str:
        pool = await self.pool(tenant)
        async with pool.acquire() as connection:
            answer: str = await connection.fetchval(self._asks, tenant)
            return answer

    def terminate(self) -> None:
        for pool in self._made:
            pool.terminate()


def cold_start(
    dsn: str, *, suspends: bool, raises: bool = True, asks: str = _ASKS
) -> Scenario:
    """Three requests of two tenants that nobody has used yet."""

    async def scenario(_: Kernel) -> None:
        app = Tenants(dsn, suspends=suspends, raises=raises, asks=asks)
        try:
            async with asyncio.TaskGroup() as group:
                for index, tenant in enumerate("aab"):
                    work = app.request(tenant)
                    group.create_task(acting(f"request {index + 1}", work))
        finally:
            app.terminate()

    return scenario


def cold_start_in_memory() -> Scenario:
    """The same with doubles of the database, which suspend where it does."""
    suspends = ("connect", "select 1", "reset")

    async def scenario(_: Kernel) -> None:
        ready: set[str] = set()

        async def request(tenant: str) -> None:
            await point("arrive")
            if tenant not in ready:
                for name in suspends:
                    await point(name)
                ready.add(tenant)
            for name in suspends:
                await point(name)

        async with asyncio.TaskGroup() as group:
            for index, tenant in enumerate("aab"):
                group.create_task(acting(f"request {index + 1}", request(tenant)))

    return scenario


@asynccontextmanager
async def pool_of(dsn: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await asyncpg.create_pool(dsn, min_size=0, max_size=4)
    try:
        yield pool
    finally:
        pool.terminate()


async def count(pool: asyncpg.Pool, *names: str) -> None:
    """Count some of the counters up, in one transaction."""
    async with pool.acquire() as connection, connection.transaction():
        for name in names:
            await connection.execute(
                "update counters set value = value + 1 where name = $1", name
            )


def contended(dsn: str, *, leaving: bool = False) -> Scenario:
    """Two who want the same row; the first of them may leave."""

    async def scenario(kernel: Kernel) -> None:
        async with pool_of(dsn) as pool:
            tasks = []
            for name in ("first", "second"):
                task = asyncio.create_task(acting(name, count(pool, "x")))
                tasks.append(task)
                if leaving and name == "first":
                    may_leave(kernel, name, task)
            await asyncio.wait(tasks)

    return scenario
