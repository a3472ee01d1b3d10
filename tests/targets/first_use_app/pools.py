"""A pool for each tenant, opened when it is first asked for: one way races."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Protocol

import asyncpg


class Pools(Protocol):
    """Gives each tenant its pool."""

    open: dict[str, asyncpg.Pool]

    async def of(self, slug: str) -> asyncpg.Pool: ...


async def open_pool(dsn: str, slug: str, *, least: int = 1) -> asyncpg.Pool:
    """Open a tenant's pool, which takes a while; without connections, it yields."""
    if not least:
        await asyncio.sleep(0)
    return await asyncpg.create_pool(
        dsn, min_size=least, max_size=2, server_settings={"application_name": slug}
    )


class CheckThenSet:
    """Looks, opens, and then notes it down: two first requests both open one."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self.open: dict[str, asyncpg.Pool] = {}

    async def of(self, slug: str) -> asyncpg.Pool:
        if slug not in self.open:
            self.open[slug] = await open_pool(self._dsn, slug)
        return self.open[slug]


class YieldThenSet(CheckThenSet):
    """The same, but nothing outside is waited for meanwhile: it only yields."""

    async def of(self, slug: str) -> asyncpg.Pool:
        if slug not in self.open:
            self.open[slug] = await open_pool(self._dsn, slug, least=0)
        return self.open[slug]


class LockedPerTenant:
    """The same, but with a lock for each tenant."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.open: dict[str, asyncpg.Pool] = {}

    async def of(self, slug: str) -> asyncpg.Pool:
        async with self._locks[slug]:
            if slug not in self.open:
                self.open[slug] = await open_pool(self._dsn, slug)
            return self.open[slug]
