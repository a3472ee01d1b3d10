"""Databases that an app makes beside the one of its run, and what shows that it did."""

from __future__ import annotations

import contextlib
import fnmatch
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import asyncpg

from harness.environment.owner import Owner
from harness.environment.quoting import identifier

PREFIX = "harness_"
KEPT = "_kept"
"""What the names of a run's copies have after the name of its database."""

_STANDARD = ("postgres", "template0", "template1")
_LISTED = """
select oid, datname::text as name, datallowconn as open,
       coalesce(shobj_description(oid, 'pg_database'), '') as comment,
       datdba = (select oid from pg_roles where rolname = current_user) as own
from pg_database order by 2
"""


@dataclass(frozen=True, slots=True)
class Further:
    """A database beside the one of the run.

    Attributes:
        name: Its name.
        open: Whether one can connect to it.
    """

    name: str
    open: bool


@dataclass(frozen=True, slots=True)
class Claims:
    """Tells which databases of a server the app of a run has made.

    These appeared since the run's own one was made, and are of no other run. Where
    others may make databases, too, more has to show it: the name or the comment of
    the database holds the name of the run's, or the target has said how they are
    called.

    Attributes:
        run: Name of the run's own database.
        before: Object ids of the databases that were there before it.
        shared: Whether others use the server.
        patterns: Names of the app's databases, with ``*`` and ``?``.
    """

    run: str
    before: frozenset[int]
    shared: bool
    patterns: tuple[str, ...] = ()

    async def find(self, connection: asyncpg.Connection) -> tuple[Further, ...]:
        """Return the databases that the app has made, by name."""
        return tuple(
            Further(row["name"], row["open"])
            for row in await self._appeared(connection)
            if self._proven(row["name"], row["comment"])
        )

    async def doubtful(self, connection: asyncpg.Connection) -> tuple[str, ...]:
        """Return names of databases that appeared, with our login as their owner.

        Nothing else shows that the app has made them.
        """
        return tuple(
            row["name"]
            for row in await self._appeared(connection)
            if row["own"] and not self._proven(row["name"], row["comment"])
        )

    async def _appeared(self, connection: asyncpg.Connection) -> list[asyncpg.Record]:
        return [
            row
            for row in await connection.fetch(_LISTED)
            if row["oid"] not in self.before and not self._foreign(row["name"])
        ]

    def _foreign(self, name: str) -> bool:
        """Whether the app cannot have made it: a server's, a run's, or a copy."""
        if name == self.run or name in _STANDARD or name.startswith(self.run + KEPT):
            return True
        return name.startswith(PREFIX) and self.run not in name

    def _proven(self, name: str, comment: str) -> bool:
        if not self.shared or self.run in name or self.run in comment:
            return True
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.patterns)


async def present(connection: asyncpg.Connection) -> frozenset[int]:
    """Return the object ids of all databases of a server."""
    return frozenset(row["oid"] for row in await connection.fetch(_LISTED))


async def of_dead_runs(connection: asyncpg.Connection) -> tuple[str, ...]:
    """Return names of the databases that provably dead processes of this host made.

    These are the runs' own ones and, of our login's, those that hold the name of a
    run's own one in name or comment.
    """
    found = []
    for row in await connection.fetch(_LISTED):
        name = row["name"]
        held = f"{name} {row['comment']}" if row["own"] else name
        owners = [*_owners(held)] if row["own"] or name.startswith(PREFIX) else []
        if owners and all(owner.is_dead() for owner in owners):
            found.append(name)
    return tuple(found)


def _owners(text: str) -> Iterator[Owner]:
    for part in text.split(PREFIX)[1:]:
        owner = Owner.find(part)
        if owner is not None:
            yield owner


async def drop_database(connection: asyncpg.Connection, name: str) -> None:
    """Drop a database if it exists, whoever is connected to it."""
    drop = f"drop database if exists {identifier(name)} with (force)"
    try:
        await connection.execute(drop)
    except asyncpg.WrongObjectTypeError:
        await connection.execute(f"alter database {identifier(name)} is_template false")
        await connection.execute(drop)


async def drop_all(connection: asyncpg.Connection, names: Iterable[str]) -> list[str]:
    """Drop what can be dropped; return the names of what was."""
    dropped = []
    for name in names:
        # Somebody else may be doing the same, or another user have made it.
        with contextlib.suppress(asyncpg.PostgresError):
            await drop_database(connection, name)
            dropped.append(name)
    return dropped
