"""A Postgres server as a run sees it, and whether it is still there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal

import asyncpg

from harness.environment.dsn import with_database
from harness.environment.snapshots.image import Resting
from harness.errors import PostgresError

Rest = Callable[[], AbstractAsyncContextManager[Resting]]
Source = Literal["testcontainers", "embedded", "dsn"]


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server and how to get in.

    Attributes:
        dsn: For the maintenance database, as a user who may create databases.
        host: Where it listens.
        port: TCP port.
        user: Who the DSN logs in as.
        password: The user's.
        version: As the server states it, such as "18.1".
        source: Where it comes from.
        reason: Why from there, in one sentence without secrets.
        diagnose: Says what is known of a server that is gone: how it ended, the
            tail of its log; may block for a moment.
        resting: For a block, shuts the server down in order, and starts it again at
            the same address; None where that is not ours to do.
        restored: Whether it came up with the image that it was given.
    """

    dsn: str = field(repr=False)
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    version: str
    source: Source
    reason: str
    diagnose: Callable[[], str] = field(repr=False, compare=False)
    resting: Rest | None = field(default=None, repr=False, compare=False)
    restored: bool = False

    def dsn_of(self, database: str) -> str:
        """Return the DSN for another database of this server."""
        return with_database(self.dsn, database)


async def alive(pg: Postgres, *, timeout: float = 2.0) -> bool:
    """Whether the server answers within `timeout` seconds; a refusal is an answer."""
    try:
        async with asyncio.timeout(timeout):
            connection = await asyncpg.connect(pg.dsn)
            try:
                await connection.execute("select 1")
            finally:
                connection.terminate()
    except asyncpg.CannotConnectNowError:
        return False
    except asyncpg.PostgresConnectionError:
        return False
    except asyncpg.PostgresError:
        return True
    except (OSError, TimeoutError, asyncpg.InterfaceError):
        return False
    return True


async def ensure_alive(pg: Postgres, *, timeout: float = 2.0) -> None:
    """Pass if the server answers within `timeout` seconds.

    Raises:
        PostgresError: It does not; says what is known of its end.
    """
    if not await alive(pg, timeout=timeout):
        raise await death_of(pg)


async def death_of(pg: Postgres) -> PostgresError:
    """Return the error for a server that went away in the middle of a run."""
    known = await asyncio.to_thread(pg.diagnose)
    return PostgresError(
        f"Postgres at {pg.host}:{pg.port} ({pg.source}) went away in mid-run\n{known}",
        hint="What this run found may be wrong or incomplete; run it again.",
    )


async def until_dead(
    pg: Postgres, *, every: float = 0.5, timeout: float = 2.0
) -> PostgresError:
    """Wait for as long as the server lives, then return the error that says so.

    Args:
        pg: The server to watch.
        every: Seconds between looks.
        timeout: Seconds that an answer may take; a server that was killed refuses
            at once, and an app may block the event loop for a while.
    """
    while await alive(pg, timeout=timeout):  # noqa: ASYNC110 - nothing tells of a server's death
        await asyncio.sleep(every)
    return await death_of(pg)
