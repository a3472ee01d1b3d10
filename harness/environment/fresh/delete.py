"""Fresh state by deleting what changed and putting the rows back: connections stay."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import final

import asyncpg

from harness.environment.database import Database
from harness.environment.fresh.catalogue import KINDS, Catalogue, Relation
from harness.environment.fresh.fingerprint import (
    Fingerprint,
    open_connection,
    reading,
    take_fingerprint,
)
from harness.environment.fresh.state import insist_on_same, not_snapshotted
from harness.environment.quoting import identifier, literal
from harness.errors import Inconclusive, ResourceError


@final
class DeleteState:
    """Keeps the rows in temporary tables of its own session, which nobody else sees.

    A restore looks at what differs and repairs only that: tables are emptied and
    filled again, sequences are set, what was created since is dropped. What was
    dropped or altered since cannot be brought back and makes the restore fail.

    Args:
        database: Whose state.
        connection: Its own session in that database.
    """

    def __init__(self, database: Database, connection: asyncpg.Connection) -> None:
        self._database = database
        self._connection = connection
        self._wanted: Fingerprint | None = None
        self._repairs: dict[str, str] = {}

    async def snapshot(self) -> None:
        with _refusals():
            # Neither triggers nor foreign keys fire; they did when rows came first.
            await self._connection.execute("set session_replication_role = replica")
            self._wanted = await take_fingerprint(self._connection)
            await self._connection.execute("discard temp")
            self._repairs = {}
            for number, relation in enumerate(self._wanted.catalogue.relations):
                await self._keep(relation, identifier("pg_temp", f"kept_{number}"))

    async def restore(self) -> None:
        if self._wanted is None:
            raise not_snapshotted()
        with _refusals():
            now = await take_fingerprint(self._connection)
            if now.parts == self._wanted.parts:
                return
            statements = [
                *_removals(self._wanted.catalogue, now.catalogue),
                *(
                    repair
                    for label, repair in self._repairs.items()
                    if now.parts.get(label) != self._wanted.parts[label]
                    and label in now.parts
                ),
            ]
            if statements:
                # Several statements in one message are one transaction.
                await self._connection.execute(";".join(statements))
                now = await take_fingerprint(self._connection)
        insist_on_same(self._wanted, now, strategy="delete")

    async def fingerprint(self) -> str:
        async with reading(self._database.dsn) as connection:
            return (await take_fingerprint(connection)).digest

    async def _keep(self, relation: Relation, kept: str) -> None:
        """Store what a relation holds, and write down how to bring it back."""
        if relation.kind == "S":
            arguments = await self._connection.fetchval(
                f"select last_value || ', ' || is_called from {relation.sql}"  # noqa: S608
            )
            repair = f"select setval({literal(relation.sql)}, {arguments})"
        elif relation.kind == "m":
            repair = f"refresh materialized view {relation.sql}"
        elif relation.kind == "r" and relation.stored:
            columns = ", ".join(map(identifier, relation.stored))
            await self._connection.execute(
                f"create temp table {kept} as select {columns} from only {relation.sql}"  # noqa: S608
            )
            repair = (
                f"delete from only {relation.sql};"  # noqa: S608
                f"insert into {relation.sql} ({columns}) overriding system value"
                f" select {columns} from {kept}"
            )
        else:
            return
        self._repairs[relation.label] = repair


@contextlib.asynccontextmanager
async def delete_state(database: Database) -> AsyncIterator[DeleteState]:
    """Have the state for as long as the block."""
    connection = await open_connection(database.dsn)
    try:
        yield DeleteState(database, connection)
    finally:
        connection.terminate()


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
