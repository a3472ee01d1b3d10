"""A pool of connections that is gone when its block ends, whatever happened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from asyncpg.pool import PoolAcquireContext
from pydantic import SecretStr

from reference_app.settings import Settings


@dataclass(frozen=True, slots=True)
class Connections:
    """How many connections are open, lent or not."""

    busy: int = 0
    idle: int = 0

    def __add__(self, other: Connections) -> Connections:
        """Return both together."""
        return Connections(self.busy + other.busy, self.idle + other.idle)


def connections_of(pool: asyncpg.Pool) -> Connections:
    """Count a pool's connections."""
    idle = pool.get_idle_size()
    return Connections(pool.get_size() - idle, idle)


class _ImpatientPool(asyncpg.Pool):
    """Lets nobody wait for a connection for ever.

    asyncpg's own does, also in `fetch` and its like, which take no such limit.

    Args:
        dsn: Where the database is.
        patience: Seconds that a borrower waits who does not say how long.
        options: As of `asyncpg.create_pool`.
    """

    __slots__ = ("_patience",)

    def __init__(self, dsn: str, *, patience: float, **options: Any) -> None:
        super().__init__(
            dsn,
            max_queries=50_000,
            loop=None,
            connection_class=asyncpg.Connection,
            record_class=asyncpg.Record,
            **options,
        )
        self._patience = patience

    def acquire(self, *, timeout: float | None = None) -> PoolAcquireContext:
        """Borrow a connection; raises TimeoutError if there is none in time."""
        return super().acquire(timeout=self._patience if timeout is None else timeout)


@asynccontextmanager
async def open_pool(
    settings: Settings,
    *,
    max_size: int,
    min_size: int = 0,
    server_settings: Mapping[str, str] | None = None,
    dsn: SecretStr | None = None,
) -> AsyncIterator[asyncpg.Pool]:
    """Open a pool, which connects on first use beyond its floor, and close it.

    Whoever borrows from it waits `acquire_timeout` seconds, if he does not say else.
    Closing waits `close_timeout` seconds for connections that are in use, then
    cuts them off.

    Args:
        settings: Where the database is, and how long to wait for it.
        max_size: Connections at most.
        min_size: Connections that asyncpg restores whenever one is lost.
        server_settings: What a connection starts with and is reset to.
        dsn: Where the database is, if not where the settings say.
    """
    pool = _ImpatientPool(
        (dsn or settings.dsn).get_secret_value(),
        patience=settings.acquire_timeout,
        min_size=min_size,
        max_size=max_size,
        max_inactive_connection_lifetime=settings.idle_timeout,
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
