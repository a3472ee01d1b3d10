"""An engine of SQLAlchemy that is gone when its block ends, whatever happened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import (
    AsyncAdaptedQueuePool,
    ConnectionPoolEntry,
    PoolProxiedConnection,
)

from reference_app.settings import Settings


@asynccontextmanager
async def open_engine(
    settings: Settings, *, max_size: int
) -> AsyncIterator[AsyncEngine]:
    """Make an engine that has connected once, and dispose of it at the end.

    Over its first connection an engine learns what the server is like, and all who want
    one wait for that: it is nothing to do while a tenant is opened, which may hang.
    Disposing waits `close_timeout` seconds, then cuts off what is still open.

    Args:
        settings: Where the database is, and how long to wait for it.
        max_size: Connections at most.
    """
    opened: set[asyncpg.Connection] = set()

    async def connect() -> asyncpg.Connection:
        # asyncpg reads the DSN itself, so that every storage reads it alike.
        connection = await asyncpg.connect(
            settings.dsn.get_secret_value(),
            timeout=settings.acquire_timeout,
            command_timeout=settings.statement_timeout,
            server_settings={"application_name": "reference_app"},
        )
        opened.add(connection)
        connection.add_termination_listener(opened.discard)
        return connection

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=max_size,
        max_overflow=0,
        pool_timeout=settings.acquire_timeout,
        # The values of a failed statement are a tenant's data.
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    try:
        async with engine.connect():
            pass
        yield engine
    finally:
        await _dispose(engine, opened, timeout=settings.close_timeout)


async def _dispose(
    engine: AsyncEngine, opened: Collection[asyncpg.Connection], *, timeout: float
) -> None:
    """Close connections, and cut off what is still open after some seconds."""
    try:
        async with asyncio.timeout(timeout):
            await engine.dispose()
    except TimeoutError:
        pass  # what is left is cut off
    finally:
        for connection in tuple(opened):
            connection.terminate()


def _refuse_closed(
    connection: DBAPIConnection,
    _entry: ConnectionPoolEntry,
    _lent: PoolProxiedConnection,
) -> None:
    """Have the pool replace a connection that the server has ended.

    asyncpg knows; asking the server each time would cost round trips.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError
