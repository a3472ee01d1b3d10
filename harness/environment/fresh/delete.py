"""Fresh state by deleting what changed and putting the rows back: connections stay."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import final

import asyncpg

from harness.environment.database import Database
from harness.environment.fresh.catalogue import KINDS, Catalogue
from harness.environment.fresh.fingerprint import (
    Fingerprint,
    open_connection,
    reading,
    take_fingerprint,
)
from harness.environment.fresh.repairs import Repair, mend, repair_of
from harness.environment.fresh.state import insist_on_same, not_snapshotted
from harness.environment.quoting import identifier
from harness.errors import Inconclusive, ResourceError

Sessions = Callable[[], AbstractAsyncContextManager[asyncpg.Connection]]


@final
class DeleteState:
    """Keeps the rows in memory.

    A restore looks at what differs and repairs only that: tables are emptied and
    filled again, sequences are set, what was created since is dropped. What was
    dropped or altered since cannot be brought back and makes the restore fail.

    Args:
        database: Whose state.
        sessions: Gives connections to that database.
    """

    def __init__(self, database: Database, sessions: Sessions) -> None:
        self._database = database
        self._sessions = sessions
        self._wanted: Fingerprint | None = None
        self._repairs: dict[str, Repair] = {}

    async def snapshot(self) -> None:
        async with self._connected() as connection:
            self._wanted = await take_fingerprint(connection)
            self._repairs = {}
            for relation in self._wanted.catalogue.relations:
                repair = await repair_of(connection, relation)
                if repair is not None:
                    self._repairs[relation.label] = repair

    async def restore(self) -> None:
        wanted = self._wanted
        if wanted is None:
            raise not_snapshotted()
        async with self._connected() as connection:
            now = await take_fingerprint(connection)
            if now.parts == wanted.parts:
                return
            repairs = (
                repair
                for label, repair in self._repairs.items()
                if label in now.parts and now.parts[label] != wanted.parts[label]
            )
            removals = _removals(wanted.catalogue, now.catalogue)
            await mend(connection, removals, repairs)
            now = await take_fingerprint(connection)
        insist_on_same(wanted, now, strategy="delete")

    async def fingerprint(self) -> str:
        async with reading(self._database.dsn) as connection:
            return (await take_fingerprint(connection)).digest

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncpg.Connection]:
        """Have a session in which neither triggers nor foreign keys fire.

        They did when the rows came first.
        """
        with _refusals():
            async with self._sessions() as connection:
                await connection.execute("set session_replication_role = replica")
                yield connection


@contextlib.asynccontextmanager
async def delete_state(database: Database) -> AsyncIterator[DeleteState]:
    """Have the state for as long as the block, over one connection that stays."""
    connection = await open_connection(database.dsn)
    try:
        yield DeleteState(database, lambda: contextlib.nullcontext(connection))
    finally:
        connection.terminate()


@contextlib.asynccontextmanager
async def passing_delete_state(database: Database) -> AsyncIterator[DeleteState]:
    """Have the state without a connection that stays: the app can drop the database."""
    yield DeleteState(database, partial(reading, database.dsn))


def _removals(wanted: Catalogue, now: Catalogue) -> Iterator[str]:
    """Write the statements that drop what was created since."""
    for schema in sorted({*now.schemas} - {*wanted.schemas}):
        yield f"drop schema {identifier(schema)} cascade"
    known = {relation.label for relation in wanted.relations}
    for relation in now.relations:
        if relation.label not in known and relation.schema in wanted.schemas:
            # It may have gone with one that was dropped before it.
            yield f"drop {KINDS[relation.kind]} if exists {relation.sql} cascade"


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except asyncpg.DiskFullError as error:
        raise ResourceError(f"the disk of Postgres is full: {error}") from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise Inconclusive(
            f"the strategy `delete` needs a superuser: {error}",
            hint="Choose the strategy `template`, or a hook.",
        ) from error
    except asyncpg.LockNotAvailableError as error:
        raise Inconclusive(
            f"a table cannot be restored, someone holds a lock on it: {error}",
            hint="The app left a transaction open; or choose the strategy `template`.",
        ) from error
    except asyncpg.PostgresConnectionError:
        raise
    except asyncpg.PostgresError as error:
        raise Inconclusive(
            f"the strategy `delete` cannot bring this database back: {error}",
            hint="Choose the strategy `template`, or a hook.",
        ) from error
