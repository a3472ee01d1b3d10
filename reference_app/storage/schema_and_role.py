"""The places of tenants that have a schema and a role each.

The role reaches its own schema and nothing else, so a statement that forgets
whose data it wants still cannot find another's.

The login of the DSN makes the roles and is a member of each. A superuser can be
that login, and so can any role with CREATEROLE that may create schemas in the
database. Logging in as each tenant would be stricter still, at the price of a
password per tenant to keep and to rotate.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Self

import asyncpg

from reference_app.identifiers import quote_identifier
from reference_app.migrations import Connection
from reference_app.migrations.tenant_schemas import (
    TABLES,
    create_tenant_schema,
    upgrade_tenant_schema,
)
from reference_app.storage.own.session import OwnTablesSession
from reference_app.storage.seam import PlaceTaken
from reference_app.tenants.tenant import NewPlace, Tenant


class SchemaAndRole:
    """Makes, migrates and removes them; how they are used is the storage's."""

    def place(self, slug: str, name: str, database: str) -> NewPlace:
        """Name schema and role; roles are a whole cluster's, so the database counts."""
        suffix = hashlib.sha256(database.encode()).hexdigest()[:8]
        return NewPlace(schema=f"tenant_{slug}", role=f"tenant_{slug}_{suffix}")

    @asynccontextmanager
    async def changes(self) -> AsyncIterator[Self]:
        """Yield itself: all that it makes is part of the transaction."""
        yield self

    async def provision(
        self, connection: Connection, tenant: Tenant
    ) -> OwnTablesSession:
        """Make schema and role."""
        role = tenant.own_role
        before: list[str] = []
        # A role outlives its database; one of this name was made for the same one.
        known = "SELECT true FROM pg_roles WHERE rolname = $1"
        if not await connection.fetchval(known, role):
            quoted = quote_identifier(role)
            before = [
                f"CREATE ROLE {quoted} NOLOGIN",
                f"GRANT {quoted} TO CURRENT_USER",
            ]
        try:
            await create_tenant_schema(
                connection,
                tenant.own_schema,
                before=before,
                after=_grants(tenant),
            )
        except asyncpg.DuplicateSchemaError:
            raise PlaceTaken(tenant.own_schema) from None
        return OwnTablesSession(connection)

    async def remove(self, connection: Connection, tenant: Tenant) -> None:
        """Drop schema and role."""
        schema = quote_identifier(tenant.own_schema)
        role = quote_identifier(tenant.own_role)
        await connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        # A copy of this database may need the role: then it stays, and owns nothing.
        with suppress(asyncpg.DependentObjectsStillExistError):
            async with connection.transaction():
                await connection.execute(f"DROP ROLE IF EXISTS {role}")

    async def upgrade(self, connection: Connection, tenant: Tenant) -> None:
        """Apply new migrations to the schema, and let the role use what is in it."""
        await upgrade_tenant_schema(connection, tenant.own_schema)
        await connection.execute(";".join(_grants(tenant)))


def _grants(tenant: Tenant) -> Sequence[str]:
    """Let the role read and write; columns' own sequences need no grant."""
    schema = quote_identifier(tenant.own_schema)
    role = quote_identifier(tenant.own_role)
    tables = ", ".join(f"{schema}.{table}" for table in TABLES)
    return (
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {role}",
    )
