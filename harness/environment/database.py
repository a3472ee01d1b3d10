"""Databases of our own on a server, named so that runs do not meet."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import asyncpg

from harness.environment.owner import Owner
from harness.environment.quoting import identifier
from harness.environment.server import Postgres
from harness.errors import PostgresError, ResourceError

PREFIX = "harness_"
_HINT_LENGTH = 12
_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Database:
    """A database that belongs to one run.

    Attributes:
        name: Its name on the server; at most 57 characters.
        dsn: How to get in, as the server's administrating user.
        server: Where it is.
    """

    name: str
    dsn: str = field(repr=False)
    server: Postgres


@contextlib.asynccontextmanager
async def create_database(
    pg: Postgres, name_hint: str = "", *, drop: bool = True
) -> AsyncIterator[Database]:
    """Create an empty database, for as long as the block.

    Args:
        pg: The server.
        name_hint: What it is for; becomes part of its name.
        drop: Whether it is dropped; on a server that ends with it, ten thousands of
            files need not be deleted twice over.

    Raises:
        PostgresError: The server refused.
        ResourceError: The server's disk is full.
    """
    hint = re.sub(r"[^a-z0-9]+", "_", name_hint.lower())[:_HINT_LENGTH].strip("_")
    name = PREFIX + "_".join(filter(None, [hint, Owner.current().new_name()]))
    try:
        await _execute(pg, f"create database {identifier(name)}")
    except asyncpg.DiskFullError as error:
        raise ResourceError(
            f"the disk of Postgres at {pg.host}:{pg.port} is full"
        ) from error
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise PostgresError(f"cannot create the database {name}: {error}") from error
    try:
        yield Database(name, pg.dsn_of(name), pg)
    finally:
        if drop:
            # A server that is gone took the database along, or it is swept later.
            with contextlib.suppress(OSError, TimeoutError, asyncpg.PostgresError):
                await _execute(pg, drop_statement(name))


async def sweep_databases(connection: asyncpg.Connection) -> tuple[str, ...]:
    """Drop the databases that provably dead processes of this host made.

    Returns:
        Their names.
    """
    rows = await connection.fetch(
        "select datname from pg_database where starts_with(datname, $1)", PREFIX
    )
    swept = []
    for name in (row["datname"] for row in rows):
        owner = Owner.find(name)
        if owner is not None and owner.is_dead():
            # Another run may be sweeping too, or another user have made it.
            with contextlib.suppress(asyncpg.PostgresError):
                await connection.execute(drop_statement(name))
                swept.append(name)
    return tuple(swept)


def drop_statement(name: str) -> str:
    """Return the statement that drops a database, whoever is connected to it."""
    return f"drop database if exists {identifier(name)} with (force)"


async def _execute(pg: Postgres, statement: str) -> None:
    connection = await asyncpg.connect(pg.dsn, timeout=_TIMEOUT)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
