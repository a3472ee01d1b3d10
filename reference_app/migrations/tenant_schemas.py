"""Schemas with the tables of one tenant each.

How far each is migrated is a row of `control.schema_versions`: a table more in
every schema would cost more than a row.
"""

from __future__ import annotations

from collections.abc import Sequence

from reference_app.identifiers import quote_identifier
from reference_app.migrations import Connection, series

TABLES = (
    "members",
    "documents",
    "flags",
    "messages",
    "usage",
    "audit",
    "exports",
    "webhooks",
)
"""What the migrations make; a `GRANT` that names them need not search for them."""


async def create_tenant_schema(
    connection: Connection,
    schema: str,
    *,
    before: Sequence[str] = (),
    after: Sequence[str] = (),
) -> None:
    """Make a tenant's schema with all its tables, in a transaction of the caller's.

    Leaves `search_path` at it until the transaction ends.

    Args:
        connection: In the transaction.
        schema: Its name.
        before: Statements to run first.
        after: Statements to run when the tables are there.

    Raises:
        asyncpg.DuplicateSchemaError: There is one of that name, whoever's.
    """
    migrations = series("tenant")
    quoted = quote_identifier(schema)
    statements = [
        *before,
        f"CREATE SCHEMA {quoted}",
        f"SET LOCAL search_path TO {quoted}",
        *(migration.sql for migration in migrations),
        *after,
    ]
    # All at once: each for itself would cost a round trip more.
    await connection.execute(";".join(statements))
    await connection.execute(
        "INSERT INTO control.schema_versions (schema_name, version) VALUES ($1, $2)",
        schema,
        migrations[-1].version,
    )


async def upgrade_tenant_schema(connection: Connection, schema: str) -> None:
    """Apply what a tenant's schema lacks, in a transaction of the caller's.

    Waits for others who do the same. Leaves `search_path` at the schema until the
    transaction ends.
    """
    await connection.execute(f"SET LOCAL search_path TO {quote_identifier(schema)}")
    version = await connection.fetchval(
        "SELECT version FROM control.schema_versions WHERE schema_name = $1 FOR UPDATE",
        schema,
    )
    lacking = [one for one in series("tenant") if one.version > version]
    for migration in lacking:
        await connection.execute(migration.sql)
    if lacking:
        await connection.execute(
            "UPDATE control.schema_versions SET version = $2 WHERE schema_name = $1",
            schema,
            lacking[-1].version,
        )
