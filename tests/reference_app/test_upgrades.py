"""Tenants of an earlier version get what they lack, and keep what they have."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import pytest

from reference_app.identifiers import quote_identifier
from reference_app.migrations import create_schema, migrate, series
from reference_app.tenants.onboarding import bring_up_to_date
from tests.reference_app.stores import Stores, stores

NEWER = "messages, usage, audit, exports, webhooks"


async def upgrade(made: Stores) -> None:
    base = made.foundation
    await bring_up_to_date(
        await base.directory.all(), control=base.control, storage=base.storage
    )


@pytest.mark.parametrize("storage", ["schema_per_tenant", "shared_pool", "one_pool"])
async def test_a_schema_gets_the_tables_that_it_lacks(
    dsn: str, database: asyncpg.Connection, storage: str
) -> None:
    async with stores(dsn, storage) as made, made.open("a") as (a,):
        async with a.session() as session:
            await session.documents.create("kept", "")
        schema = await database.fetchval("SELECT schema_name FROM control.tenants")
        await database.execute(
            f"SET search_path TO {quote_identifier(schema)};"
            f"DROP TABLE {NEWER}; UPDATE control.schema_versions SET version = 1"
        )

        await upgrade(made)

        async with a.session() as session:
            await session.audit.append(None, "upgraded", "the schema")
            assert await session.documents.count() == 1
    applied = await database.fetchval("SELECT version FROM control.schema_versions")
    assert applied == series("tenant")[-1].version


async def test_a_database_gets_the_tables_that_it_lacks(
    dsn: str, database: asyncpg.Connection
) -> None:
    async with stores(dsn, "database_per_tenant") as made, made.open("a") as (a,):
        name = await database.fetchval("SELECT name FROM control.tenant_databases")
        own = await asyncpg.connect(dsn, database=name)
        await own.execute(
            f"SET search_path TO tenant; DROP TABLE {NEWER};"
            "DELETE FROM migrations WHERE version > 1"
        )
        await own.close()

        await upgrade(made)

        async with a.session() as session:
            await session.audit.append(None, "upgraded", "the database")
            assert await session.members.count() == 1


async def test_schemas_that_kept_their_version_themselves_are_taken_over(
    dsn: str, database: asyncpg.Connection
) -> None:
    """As it was when control series and tenant series had one or two files."""
    first, *_ = series("tenant")
    async with database.transaction():
        await create_schema(database, "control")
        await migrate(database, "control", series("control")[:2])
        await database.execute(
            "INSERT INTO tenants (slug, name, signing_key, schema_name, role_name) "
            "VALUES ('old', 'Old', '\\x00', 'tenant_old', 'tenant_old_' || left("
            "encode(sha256(current_database()::bytea), 'hex'), 8))"
        )
        await create_schema(database, "tenant_old")
        await migrate(database, "tenant_old", (first,))
        await database.execute("INSERT INTO documents (title, body) VALUES ('old', '')")
        role = await database.fetchval("SELECT role_name FROM control.tenants")
        await database.execute(f"CREATE ROLE {role}")

    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(stores(dsn, "schema_per_tenant"))
        await upgrade(made)
        (tenant,) = await made.foundation.directory.all()
        opened: Any = made.foundation.storage.open(tenant)
        store = await stack.enter_async_context(opened)
        async with store.session() as session:
            await session.audit.append(None, "taken over", "all")
            assert await session.documents.count() == 1

    assert (
        await database.fetchval("SELECT to_regclass('tenant_old.migrations')") is None
    )
