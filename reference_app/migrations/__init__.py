"""Changes of the database's shape, as numbered SQL files, and their runner."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import Literal

import asyncpg

from reference_app.identifiers import quote_identifier

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
Series = Literal["control", "tenant", "shared", "row_security"]


@dataclass(frozen=True, slots=True)
class Migration:
    """One file, named `0001_what.sql`."""

    version: int
    name: str
    sql: str


def series(name: Series) -> tuple[Migration, ...]:
    """Read the migrations of one series, in order."""
    folder = resources.files("reference_app.migrations") / name
    files = [entry for entry in folder.iterdir() if entry.name.endswith(".sql")]
    return tuple(
        Migration(int(file.name[:4]), file.name, file.read_text("utf-8"))
        for file in sorted(files, key=lambda entry: entry.name)
    )


async def prepare(
    pool: asyncpg.Pool, schema: str, migrations: tuple[Migration, ...]
) -> None:
    """Make a schema that all tenants need, if it is not there and up to date."""
    async with pool.acquire() as connection:
        if await _is_current(connection, schema, migrations):
            return
        async with connection.transaction():
            await _lock(connection, schema)
            # to_regnamespace() may answer from a cache older than the lock.
            known = "SELECT true FROM pg_namespace WHERE nspname = $1"
            if not await connection.fetchval(known, schema):
                await create_schema(connection, schema)
            await migrate(connection, schema, migrations)


async def create_schema(connection: Connection, schema: str) -> None:
    """Make a schema that keeps a table of its own migrations.

    Raises:
        asyncpg.DuplicateSchemaError: There is one of that name, whoever's.
    """
    quoted = quote_identifier(schema)
    await connection.execute(
        f"CREATE SCHEMA {quoted};"
        f"CREATE TABLE {quoted}.migrations ("
        "  version integer PRIMARY KEY, name text NOT NULL,"
        "  applied_at timestamptz NOT NULL DEFAULT now())"
    )


async def migrate(
    connection: Connection, schema: str, migrations: tuple[Migration, ...]
) -> None:
    """Apply what a schema lacks; must run in a transaction of the caller's.

    Waits for others who migrate the same schema. Leaves `search_path` at it until
    the transaction ends.
    """
    await _lock(connection, schema)
    await connection.execute(f"SET LOCAL search_path TO {quote_identifier(schema)}")
    rows = await connection.fetch("SELECT version FROM migrations")
    applied = {row["version"] for row in rows}
    for migration in migrations:
        if migration.version not in applied:
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO migrations (version, name) VALUES ($1, $2)",
                migration.version,
                migration.name,
            )


async def _is_current(
    connection: Connection, schema: str, migrations: tuple[Migration, ...]
) -> bool:
    """Tell whether a schema has all migrations; takes no lock."""
    table = f"{quote_identifier(schema)}.migrations"
    if await connection.fetchval("SELECT to_regclass($1)", table) is None:
        return False
    rows = await connection.fetch(f"SELECT version FROM {table}")  # noqa: S608 - quoted
    applied = {row["version"] for row in rows}
    return applied >= {migration.version for migration in migrations}


async def _lock(connection: Connection, schema: str) -> None:
    """Let nobody else migrate the schema until the transaction ends."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", "migrate " + schema
    )
