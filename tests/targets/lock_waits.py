"""Requests held up by a row lock, so that they overlap for certain."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg


@asynccontextmanager
async def row_locked(dsn: str, schema: str) -> AsyncIterator[None]:
    """Hold a lock on a tenant's settings while the context lasts."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute(f'SELECT FROM "{schema}".organisation FOR UPDATE')
            yield
    finally:
        await connection.close()


async def until_waiting(dsn: str, sessions: int) -> None:
    """Return when so many sessions wait for a lock."""
    connection = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(60):
            while sessions != await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ):
                pass
    finally:
        await connection.close()
