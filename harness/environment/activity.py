"""What a Postgres server says of the connections that an app has to it."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import Final, final

import asyncpg

from harness.environment.dsn import read_dsn
from harness.environment.server import Postgres
from harness.errors import PostgresError

EVERY: Final = 0.02
"""Seconds between two looks at how many connections there are."""
_SOONEST: Final = 0.001
_LATEST: Final = 0.05
"""Seconds between two looks at whether all are gone: longer and longer ones."""
_TIMEOUT: Final = 10.0
_GONE: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
)

# Databases that the app made for itself count, those of other runs do not. The app may
# have called one after the run's own. Where others use the server, it counts only if
# name, comment or target show whose it is, as in `claims`. Of another role's sessions
# an ordinary role is not told what kind they are: only that they are.
_COUNT: Final = """
select count(*) from pg_stat_activity
where coalesce(backend_type, 'client backend') = 'client backend'
 and usename is not null and pid <> pg_backend_pid()
 and datname <> all($2::text[])
 and (strpos(datname, $1) > 0 or not starts_with(datname, 'harness_'))
 and (not $3 or strpos(datname, $1) > 0 or datname like any ($4::text[])
      or strpos(coalesce(shobj_description(datid, 'pg_database'), ''), $1) > 0)
"""
_LIST: Final = _COUNT.replace(
    "count(*)", "pid, usename, application_name, state, query"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How many connections a server takes.

    Attributes:
        most: ``max_connections``.
        reserved: Of these, for superusers and privileged roles only.
    """

    most: int
    reserved: int

    @property
    def available(self) -> int:
        """Connections for an ordinary role."""
        return self.most - self.reserved


@dataclass(frozen=True, slots=True)
class Session:
    """A connection as the server sees it.

    Attributes:
        backend: Process id of the server's end.
        user: Role that it logged in as.
        application: How it calls itself.
        state: ``idle``, ``active``, …
        query: Its last statement, as it was sent.
    """

    backend: int
    user: str
    application: str
    state: str
    query: str


async def read_limits(pg: Postgres) -> Limits:
    """Ask a server how many connections it takes.

    Raises:
        PostgresError: It does not answer.
    """
    async with _connected(pg) as connection:
        rows = await connection.fetch(
            "select name, setting::int from pg_settings where name in"
            " ('max_connections', 'superuser_reserved_connections',"
            " 'reserved_connections')"
        )
    values = {row["name"]: row["setting"] for row in rows}
    most = values.pop("max_connections")
    return Limits(most, sum(values.values()))


@final
class Activity:
    """Counts an app's connections; made by `activity`."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        database: str,
        foreign: Sequence[str],
        *,
        shared: bool,
        patterns: Sequence[str],
    ) -> None:
        self._connection = connection
        likes = [_like(one) for one in patterns]
        self._databases = (database, list(foreign), shared, likes)
        self._turn = asyncio.Lock()
        self._others: frozenset[int] = frozenset()

    async def disregard_present(self) -> None:
        """Leave out of `quiet` those that there are now: the app is down.

        Raises:
            PostgresError: The server does not answer.
        """
        self._others = frozenset(one.backend for one in await self.sessions())

    async def count(self) -> int:
        """Return how many connections there are now."""
        rows = await self._ask(_COUNT)
        return int(rows[0]["count"])

    async def sessions(self) -> tuple[Session, ...]:
        """Return the connections that there are now, the oldest first."""
        rows = await self._ask(_LIST)
        return tuple(
            Session(
                row["pid"],
                row["usename"] or "",
                row["application_name"] or "",
                row["state"] or "",
                row["query"] or "",
            )
            for row in rows
        )

    async def _ask(self, query: str) -> Sequence[asyncpg.Record]:
        try:
            async with self._turn, asyncio.timeout(_TIMEOUT):
                return await self._connection.fetch(query, *self._databases)
        except _GONE as error:
            raise PostgresError(
                f"Postgres does not say how many connections there are: {error}"
            ) from error

    async def quiet(
        self, *, within: float, held: Collection[int] = ()
    ) -> tuple[Session, ...]:
        """Wait until there are none; return those that are left in the end.

        Args:
            within: Seconds to wait at most: the server notices a close a moment later.
            held: Process ids of the server's ends of those that nobody will close:
                when there are no others, waiting is over.
        """
        until, pause = time.monotonic() + within, _SOONEST
        while left := await self._newer():
            is_over = all(one.backend in held for one in left)
            if is_over or time.monotonic() > until:
                break
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LATEST)
        return left

    async def _newer(self) -> tuple[Session, ...]:
        sessions = await self.sessions()
        return tuple(one for one in sessions if one.backend not in self._others)


async def foreign_databases(pg: Postgres) -> tuple[str, ...]:
    """Return the databases of a server that no app of this run can have made.

    Args:
        pg: The server; if it was given to us, ask before the app is started first.

    Raises:
        PostgresError: It does not answer.
    """
    if pg.source != "dsn":
        return ("postgres", "template0", "template1")
    async with _connected(pg) as connection:
        rows = await connection.fetch("select datname from pg_database")
    return tuple(row["datname"] for row in rows)


@contextlib.asynccontextmanager
async def activity(
    pg: Postgres, dsn: str, foreign: Sequence[str], *, patterns: Sequence[str] = ()
) -> AsyncIterator[Activity]:
    """Watch the connections to an app's databases, over one of our own.

    Args:
        pg: The server.
        dsn: Of the app's database.
        foreign: Databases that are not the app's. Others are, on a server that was
            given to us only if something shows it.
        patterns: How the app calls databases that it makes; see `claims`.

    Raises:
        PostgresError: The server does not answer.
    """
    async with _connected(pg) as connection:
        name, shared = read_dsn(dsn).database, pg.source == "dsn"
        yield Activity(connection, name, foreign, shared=shared, patterns=patterns)


def _like(pattern: str) -> str:
    """Return what LIKE makes of ``*`` and ``?``."""
    plain = re.sub(r"([\\%_])", r"\\\1", pattern)
    return plain.replace("*", "%").replace("?", "_")


@contextlib.asynccontextmanager
async def _connected(pg: Postgres) -> AsyncIterator[asyncpg.Connection]:
    try:
        connection = await asyncpg.connect(pg.dsn, timeout=_TIMEOUT)
    except _GONE as error:
        raise PostgresError(
            f"Postgres at {pg.host}:{pg.port} does not answer: {error}"
        ) from error
    try:
        yield connection
    finally:
        connection.terminate()
