"""How a relation gets back what it held: its rows, its next number, or a refresh."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field

import asyncpg

from harness.environment.fresh.catalogue import Relation
from harness.environment.quoting import identifier, literal


@dataclass(frozen=True, slots=True)
class Rows:
    """What a table held.

    Attributes:
        table: The table.
        text: Its rows, as COPY writes them.
    """

    table: Relation
    text: bytes = field(repr=False)

    @property
    def removal(self) -> str:
        """The statement that empties the table."""
        return f"delete from only {self.table.sql}"  # noqa: S608

    async def insert(self, connection: asyncpg.Connection) -> None:
        """Fill the empty table again; COPY takes ids as they are given."""
        await connection.copy_to_table(
            self.table.name,
            schema_name=self.table.schema,
            columns=self.table.stored,
            source=io.BytesIO(self.text),
        )


@dataclass(frozen=True, slots=True)
class Next:
    """Where a sequence stood.

    Attributes:
        statement: Sets it there again.
    """

    statement: str


@dataclass(frozen=True, slots=True)
class Refresh:
    """What a materialized view needs, once the tables are as they were.

    Attributes:
        statement: Fills it again.
    """

    statement: str


Repair = Rows | Next | Refresh


async def repair_of(
    connection: asyncpg.Connection, relation: Relation
) -> Repair | None:
    """Read what a relation holds; None for one that holds nothing of its own."""
    if relation.kind == "S":
        arguments = await connection.fetchval(
            f"select last_value || ', ' || is_called from {relation.sql}"  # noqa: S608
        )
        return Next(f"select setval({literal(relation.sql)}, {arguments})")
    if relation.kind == "m":
        return Refresh(f"refresh materialized view {relation.sql}")
    if relation.kind == "r" and relation.stored:
        columns = ", ".join(map(identifier, relation.stored))
        text = io.BytesIO()
        await connection.copy_from_query(
            f"select {columns} from only {relation.sql}",  # noqa: S608
            output=text,
        )
        return Rows(relation, text.getvalue())
    return None


async def mend(
    connection: asyncpg.Connection, removals: Iterable[str], repairs: Iterable[Repair]
) -> None:
    """Drop what is to go and bring back what was, in one transaction."""
    repairs = tuple(repairs)
    tables = [one for one in repairs if isinstance(one, Rows)]
    first = [
        *removals,
        *(one.removal for one in tables),
        *(one.statement for one in repairs if isinstance(one, Next)),
    ]
    async with connection.transaction():
        if first:
            await connection.execute(";".join(first))
        for table in tables:
            if table.text:
                await table.insert(connection)
        for one in repairs:
            if isinstance(one, Refresh):
                await connection.execute(one.statement)
