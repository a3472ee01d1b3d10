"""What the planted races suspend at: real Postgres, or a double in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, final

import asyncpg


class Pool(Protocol):
    """Connections to a tenant's data."""

    async def fetchval(self, query: str, /) -> object:
        """Ask something."""
        ...

    def terminate(self) -> None:
        """Drop all connections at once."""
        ...


class Database(Protocol):
    """Where tenants' data is."""

    async def pool(self, *, connect: bool) -> Pool:
        """Make a pool; suspends only if it is to connect at once."""
        ...

    async def elsewhere(self) -> None:
        """Ask something over a connection of one's own, such as who somebody is."""
        ...


@final
class Postgres:
    """A real server, over asyncpg."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    async def pool(self, *, connect: bool) -> Pool:
        made: Any = await asyncpg.create_pool(
            self._dsn, min_size=int(connect), max_size=2
        )
        pool: Pool = made
        return pool

    async def elsewhere(self) -> None:
        connection = await asyncpg.connect(self._dsn)
        try:
            await connection.fetchval("select 1")
        finally:
            connection.terminate()


@final
class InMemory:
    """A double, which suspends where the real one does.

    Args:
        pause: Lets others go first: `asyncio.sleep(0)`, or `point`.
    """

    def __init__(self, pause: Callable[[str], Awaitable[None]]) -> None:
        self._pause = pause

    async def pool(self, *, connect: bool) -> Pool:
        if connect:
            await self._pause("connect")
        return _Double(self._pause)

    async def elsewhere(self) -> None:
        for step in ("connect", "select 1"):
            await self._pause(step)


@final
class _Double:
    def __init__(self, pause: Callable[[str], Awaitable[None]]) -> None:
        self._pause = pause

    async def fetchval(self, query: str, /) -> object:
        await self._pause(query)
        return 1

    def terminate(self) -> None:
        """Have nothing to drop."""
