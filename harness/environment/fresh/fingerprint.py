"""A digest of everything in a database that a test could see change."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import asyncpg

from harness.environment.fresh.catalogue import (
    Catalogue,
    Relation,
    read_catalogue,
)
from harness.environment.quoting import literal
from harness.errors import Inconclusive, PostgresError

# Deep enough a union and the server's parser runs out of stack.
_BATCH = 300
_LOCK_TIMEOUT = "5s"
_CONNECT_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The state of a database, part by part.

    Attributes:
        parts: For each schema, relation: what it holds, as a text that is
            the same for the same rows in whatever order.
        catalogue: What the parts were read from.
    """

    parts: Mapping[str, str]
    catalogue: Catalogue

    @property
    def digest(self) -> str:
        return hashlib.sha256(repr(sorted(self.parts.items())).encode()).hexdigest()

    def differences_from(self, wanted: Fingerprint) -> tuple[str, ...]:
        """Name each part that is not as in the other, and how the two differ."""
        found = []
        for name in sorted({*self.parts, *wanted.parts}):
            before, now = wanted.parts.get(name), self.parts.get(name)
            if before == now:
                continue
            if before is None:
                found.append(f"{name} is new")
            elif now is None:
                found.append(f"{name} is gone")
            else:
                found.append(f"{name} has {_told(now)}, had {_told(before)}")
        return tuple(found)


def _told(part: str) -> str:
    """Return what a reader understands of a part; see `_part`."""
    return part.split(" #", 1)[0]


async def take_fingerprint(connection: asyncpg.Connection) -> Fingerprint:
    """Read a database's state, in three round trips for up to 300 relations.

    Rows are hashed on the server, and the hashes are added up: order does not
    count, repetition does.

    Raises:
        Inconclusive: A relation cannot be read; says why.
    """
    catalogue = await read_catalogue(connection)
    parts = {f"schema {name}": "" for name in catalogue.schemas}
    holding = []
    for relation in catalogue.relations:
        if relation.has_rows or relation.kind == "S":
            holding.append(relation)
        else:
            parts[relation.label] = f"its columns #{relation.columns}"
    try:
        for start in range(0, len(holding), _BATCH):
            some = holding[start : start + _BATCH]
            query = " union all ".join(_part(relation) for relation in some)
            parts.update({row[0]: row[1] for row in await connection.fetch(query)})
    except (asyncpg.InsufficientPrivilegeError, asyncpg.LockNotAvailableError) as error:
        raise Inconclusive(
            f"the state of the database cannot be read: {error}",
            hint="Give a user that may read every table; let no transaction lie open.",
        ) from error
    return Fingerprint(parts, catalogue)


def _part(relation: Relation) -> str:
    """Write the query for one relation: its label, and what it holds."""
    label = literal(relation.label)
    if relation.kind == "S":
        held = "'last value ' || last_value || ', called ' || is_called"
        return f"select {label}, {held} from {relation.sql}"  # noqa: S608
    columns = literal(f" #{relation.columns} #")
    # The row's name cannot be taken for a column's: it is followed by a star.
    rows = "sum(hashtextextended((held.*)::text, 0)::numeric)"
    return (
        f"select {label}, count(*) || ' rows' || {columns} || coalesce({rows}, 0)"  # noqa: S608
        f" from only {relation.sql} held"
    )


@contextlib.asynccontextmanager
async def reading(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Open a connection that sees every row, or says that it cannot.

    Raises:
        PostgresError: There is no connection to be had.
    """
    connection = await open_connection(dsn)
    try:
        yield connection
    finally:
        connection.terminate()


async def open_connection(dsn: str) -> asyncpg.Connection:
    """Open a connection with the session settings that fingerprints depend on.

    Raises:
        PostgresError: There is no connection to be had.
    """
    settings = {
        "row_security": "off",
        "lock_timeout": _LOCK_TIMEOUT,
        "search_path": "",
        "timezone": "UTC",
        "datestyle": "ISO",
        "intervalstyle": "postgres",
        "extra_float_digits": "1",
        "bytea_output": "hex",
    }
    try:
        return await asyncpg.connect(
            dsn,
            server_settings=settings,
            timeout=_CONNECT_TIMEOUT,
            max_cacheable_statement_size=0,
        )
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise PostgresError(
            f"cannot connect for the fresh state: {str(error) or type(error).__name__}"
        ) from error
