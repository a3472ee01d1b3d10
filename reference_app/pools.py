"""A pool of connections that is gone when its block ends, whatever happened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import asyncpg

from reference_app.settings import Settings


@asynccontextmanager
async def open_pool(
    settings: Settings,
    *,
    max_size: int,
    server_settings: Mapping[str, str] | None = None,
) -> AsyncIterator[asyncpg.Pool]:
    """Open a pool, which connects on first use, and close it at the end.

    Closing waits `close_timeout` seconds for connections that are in use, then
    cuts them off.

    Args:
        settings: Where the database is, and how long to wait for it.
        max_size: Connections at most.
        server_settings: What a connection starts with and is reset to.
    """
    pool = asyncpg.create_pool(
        settings.dsn.get_secret_value(),
        min_size=0,
        max_size=max_size,
        timeout=settings.acquire_timeout,
        command_timeout=settings.statement_timeout,
        server_settings={
            "application_name": "reference_app",
            **(server_settings or {}),
        },
    )
    await pool
    try:
        yield pool
    finally:
        try:
            async with asyncio.timeout(settings.close_timeout):
                await pool.close()
        except TimeoutError:
            pool.terminate()
        except BaseException:
            pool.terminate()
            raise
