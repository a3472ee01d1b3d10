"""The relations of a database that belong to its user, as the catalogue has them."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from harness.environment.quoting import identifier

KINDS = {
    "r": "table",
    "p": "table",
    "f": "foreign table",
    "v": "view",
    "m": "materialized view",
    "S": "sequence",
}

# Partitioned tables and foreign ones hold no rows of their own here.
_WITH_ROWS = frozenset({"r", "m"})

_RELATIONS = """
select n.nspname as schema, c.relname as name, c.relkind::text as kind,
       c.relispopulated as populated,
       coalesce(a.columns, '') as columns, coalesce(a.stored, '{}') as stored
from pg_class c join pg_namespace n on n.oid = c.relnamespace
left join lateral (
    select string_agg(attname || ' ' || atttypid::regtype || ' ' || atttypmod
                      || ' ' || attnotnull, ', ' order by attnum) as columns,
           array_agg(attname::text order by attnum)
               filter (where attgenerated = '') as stored
    from pg_attribute
    where attrelid = c.oid and attnum > 0 and not attisdropped
) a on c.relkind <> 'S'
where c.relkind in ('r', 'p', 'f', 'v', 'm', 'S') and c.relpersistence <> 't'
  and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
order by 1, 2
"""

_SCHEMAS = """
select nspname from pg_namespace
where nspname <> 'information_schema' and nspname not like 'pg\\_%' order by 1
"""


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, view or sequence.

    Attributes:
        schema: Its schema.
        name: Its name in the schema.
        kind: One of the keys of `KINDS`.
        populated: False for a materialized view without data.
        columns: Their names and types, in order; "" for a sequence.
        stored: Names of the columns that can be written to.
    """

    schema: str
    name: str
    kind: str
    populated: bool
    columns: str
    stored: tuple[str, ...]

    @property
    def sql(self) -> str:
        return identifier(self.schema, self.name)

    @property
    def label(self) -> str:
        """How messages call it."""
        return f"{KINDS[self.kind]} {self.schema}.{self.name}"

    @property
    def has_rows(self) -> bool:
        return self.kind in _WITH_ROWS and self.populated


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What there is in a database."""

    schemas: tuple[str, ...]
    relations: tuple[Relation, ...]


async def read_catalogue(connection: asyncpg.Connection) -> Catalogue:
    """Read it, in two short round trips."""
    schemas = await connection.fetch(_SCHEMAS)
    relations = await connection.fetch(_RELATIONS)
    return Catalogue(
        schemas=tuple(row["nspname"] for row in schemas),
        relations=tuple(
            Relation(
                schema=row["schema"],
                name=row["name"],
                kind=row["kind"],
                populated=row["populated"],
                columns=row["columns"],
                stored=tuple(row["stored"]),
            )
            for row in relations
        ),
    )
