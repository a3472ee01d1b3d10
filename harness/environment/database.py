"""Databases of our own on a server, named so that runs do not meet."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import asyncpg

from harness.environment.claims import (
    PREFIX,
    Claims,
    drop_all,
    drop_database,
    of_dead_runs,
    present,
)
from harness.environment.owner import Owner
from harness.environment.quoting import identifier
from harness.environment.server import Postgres
from harness.errors import PostgresError, ResourceError

_HINT_LENGTH = 12
_TIMEOUT = 10.0
_FAILURES = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


@dataclass(frozen=True, slots=True)
class Database:
    """A database that belongs to one run.

    Attributes:
        name: Its name on the server; at most 57 characters.
        dsn: How to get in, as the server's administrating user.
        server: Where it is.
        before: Object ids of the databases that were there before it.
        patterns: How the app calls databases of its own; see `claims`.
    """

    name: str
    dsn: str = field(repr=False)
    server: Postgres
    before: frozenset[int] = field(default=frozenset(), repr=False)
    patterns: tuple[str, ...] = ()

    @property
    def claims(self) -> Claims:
        """Tells which databases the app of this run has made beside it."""
        shared = self.server.source == "dsn"
        return Claims(self.name, self.before, shared, self.patterns)


@contextlib.asynccontextmanager
async def create_database(
    pg: Postgres,
    name_hint: str = "",
    *,
    drop: bool = True,
    patterns: Sequence[str] = (),
) -> AsyncIterator[Database]:
    """Create an empty database, for as long as the block.

    What an app has made beside it meanwhile goes with it.

    Args:
        pg: The server.
        name_hint: What it is for; becomes part of its name.
        drop: Whether it is dropped; on a server that ends with it, ten thousands of
            files need not be deleted twice over.
        patterns: How the app calls databases that it makes; see `claims`.

    Raises:
        PostgresError: The server refused.
        ResourceError: The server's disk is full.
    """
    hint = re.sub(r"[^a-z0-9]+", "_", name_hint.lower())[:_HINT_LENGTH].strip("_")
    name = PREFIX + "_".join(filter(None, [hint, Owner.current().new_name()]))
    try:
        async with _connected(pg) as connection:
            before = await present(connection)
            await connection.execute(f"create database {identifier(name)}")
    except asyncpg.DiskFullError as error:
        raise ResourceError(
            f"the disk of Postgres at {pg.host}:{pg.port} is full"
        ) from error
    except _FAILURES as error:
        raise PostgresError(f"cannot create the database {name}: {error}") from error
    database = Database(name, pg.dsn_of(name), pg, before, tuple(patterns))
    try:
        yield database
    finally:
        if drop:
            # A server that is gone took the database along, or it is swept later.
            with contextlib.suppress(*_FAILURES):
                await _drop(database)


async def _drop(database: Database) -> None:
    """Drop a database and what the app made beside it; that first, it may be found."""
    async with _connected(database.server) as connection:
        further = await database.claims.find(connection)
        await drop_all(connection, (one.name for one in further))
        await drop_database(connection, database.name)


async def sweep_databases(connection: asyncpg.Connection) -> tuple[str, ...]:
    """Drop the databases that provably dead processes of this host made.

    Returns:
        Their names.
    """
    return tuple(await drop_all(connection, await of_dead_runs(connection)))


@contextlib.asynccontextmanager
async def _connected(pg: Postgres) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(pg.dsn, timeout=_TIMEOUT)
    try:
        yield connection
    finally:
        await connection.close()
