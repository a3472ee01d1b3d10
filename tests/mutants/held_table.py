"""A table that nobody can use before a test lets go of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg

_PATIENCE = 60.0
_WAITING = (
    "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND relation = $1::regclass "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@asynccontextmanager
async def held_table(
    database: asyncpg.Connection, table: str
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Lock a table for a block; what is yielded waits until somebody waits for it."""

    async def wanted() -> None:
        async with asyncio.timeout(_PATIENCE):
            while not await database.fetchval(_WAITING, table):  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.001)

    async with database.transaction():
        await database.execute(f"LOCK TABLE {table}")
        yield wanted
