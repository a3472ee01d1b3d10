"""Databases of tenants: made from a template, and dropped once they are nobody's.

`CREATE DATABASE` and `DROP DATABASE` are part of no transaction. So each database
is noted in `control.tenant_databases` before it is made, as nobody's. The
transaction that enters the tenant also gives it the database; the one that removes
the tenant takes it away. Whatever is nobody's afterwards is dropped: at once, or,
after a crash, when the app starts or somebody wants the same name.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg

from reference_app.dsns import with_database
from reference_app.identifiers import quote_identifier
from reference_app.migrations import Connection, migrate, prepare, series
from reference_app.migrations.tenant_schemas import TABLES
from reference_app.pools import open_pool
from reference_app.settings import Settings
from reference_app.storage.seam import PlaceTaken

SCHEMA = "tenant"
"""Where the tables are, within a tenant's database."""


@dataclass(frozen=True, slots=True)
class Work:
    """Changes of databases along with one transaction.

    Attributes:
        admin: A connection besides that of the transaction.
        after: What remains to be done when the transaction has ended.
    """

    admin: Connection
    after: AsyncExitStack


class TenantDatabases:
    """Makes and drops them.

    Args:
        settings: Where the server is.
        admin: Connections to the control database that are used for nothing else:
            whoever is at work here holds one of everybody's already.
        database: Name of the control database.
        role: What tenants' connections log in with.
    """

    def __init__(
        self, settings: Settings, admin: asyncpg.Pool, *, database: str, role: str
    ) -> None:
        self._settings = settings
        self._admin = admin
        self._role = role
        self._suffix = hashlib.sha256(database.encode()).hexdigest()[:8]

    def name_for(self, slug: str) -> str:
        """Return the name; databases are a whole server's, so ours counts too."""
        return f"tenant_{slug}_{self._suffix}"

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        """Have what locks databases; at the end, drop what is nobody's of them."""
        timeout = self._settings.acquire_timeout
        async with (
            self._admin.acquire(timeout=timeout) as connection,
            AsyncExitStack() as after,
        ):
            yield Work(connection, after)

    async def take(self, work: Work, name: str) -> None:
        """Let nobody else make or drop a database until the work has ended."""
        await work.after.enter_async_context(_locked(work.admin, name))
        work.after.push_async_callback(self._drop_if_nobodys, work.admin, name)

    async def make(self, work: Work, name: str) -> None:
        """Make a database that was taken, and is nobody's yet.

        Raises:
            PlaceTaken: There is one, and it is not a left-over.
        """
        admin = work.admin
        await self._drop_if_nobodys(admin, name)
        known = "SELECT true FROM pg_database WHERE datname = $1"
        if await admin.fetchval(known, name):
            raise PlaceTaken(name)
        template = await self._template(admin)
        await admin.execute(
            "INSERT INTO control.tenant_databases (name) VALUES ($1)", name
        )
        await admin.execute(
            f"CREATE DATABASE {quote_identifier(name)} "
            f"TEMPLATE {quote_identifier(template)}"
        )
        await _say_whose(admin, name)

    async def upgrade(self, name: str) -> None:
        """Apply what a tenant's database lacks."""
        async with (
            self._pool(name) as pool,
            pool.acquire() as connection,
            connection.transaction(),
        ):
            await migrate(connection, SCHEMA, series("tenant"))
            await self._grant(connection)

    async def sweep(self) -> None:
        """Drop what crashes have left; what somebody is at work on is left alone."""
        async with self._admin.acquire() as connection:
            rows = await connection.fetch(
                "SELECT name FROM control.tenant_databases WHERE tenant_id IS NULL "
                "AND pg_try_advisory_lock(hashtextextended('database ' || name, 0))"
            )
            for row in rows:  # their locks end when the pool resets the connection
                await self._drop_if_nobodys(connection, row["name"])

    async def _drop_if_nobodys(self, admin: Connection, name: str) -> None:
        """Drop a database unless it has an owner; waits for who is deciding that."""
        nobodys = await admin.fetchval(
            "SELECT tenant_id IS NULL FROM control.tenant_databases "
            "WHERE name = $1 FOR UPDATE",
            name,
        )
        if nobodys:
            quoted = quote_identifier(name)
            await admin.execute(f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)")
            await admin.execute(
                "DELETE FROM control.tenant_databases "
                "WHERE name = $1 AND tenant_id IS NULL",
                name,
            )

    async def _template(self, admin: Connection) -> str:
        """Return the database to copy; make it if these migrations have none yet.

        It never changes: other migrations have another. So nobody needs to connect
        to it, which a copy could not bear.
        """
        version = hashlib.sha256()
        for migration in series("tenant"):
            version.update(migration.sql.encode())
        prefix = f"tenants_{self._suffix}_"
        name = f"{prefix}{version.hexdigest()[:8]}_template"
        ready = "SELECT datistemplate FROM pg_database WHERE datname = $1"
        if not await admin.fetchval(ready, name):
            async with _locked(admin, prefix):
                if not await admin.fetchval(ready, name):
                    await self._drop_templates(admin, prefix)
                    await self._make_template(admin, name)
        return name

    async def _make_template(self, admin: Connection, name: str) -> None:
        quoted = quote_identifier(name)
        await admin.execute(f"CREATE DATABASE {quoted}")
        await _say_whose(admin, name)
        async with self._pool(name) as pool:
            await prepare(pool, SCHEMA, series("tenant"))
            async with pool.acquire() as connection:
                await self._grant(connection)
        # In this order: who finds a template finds it complete.
        await admin.execute(f"ALTER DATABASE {quoted} ALLOW_CONNECTIONS false")
        await admin.execute(f"ALTER DATABASE {quoted} IS_TEMPLATE true")

    async def _drop_templates(self, admin: Connection, prefix: str) -> None:
        """Drop those of earlier migrations, and one that was not completed."""
        rows = await admin.fetch(
            "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", prefix
        )
        for row in rows:
            quoted = quote_identifier(row["datname"])
            await admin.execute(f"ALTER DATABASE {quoted} IS_TEMPLATE false")
            await admin.execute(f"DROP DATABASE {quoted} WITH (FORCE)")

    @asynccontextmanager
    async def _pool(self, name: str) -> AsyncIterator[asyncpg.Pool]:
        """Connect to a tenant's database as its owner."""
        dsn = with_database(self._settings.dsn, name)
        async with open_pool(self._settings, max_size=1, dsn=dsn) as pool:
            yield pool

    async def _grant(self, connection: Connection) -> None:
        """Let tenants' connections read and write."""
        role = quote_identifier(self._role)
        tables = ", ".join(f"{SCHEMA}.{table}" for table in TABLES)
        await connection.execute(
            f"GRANT USAGE ON SCHEMA {SCHEMA} TO {role};"
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {role}"
        )


async def _say_whose(admin: Connection, name: str) -> None:
    """Note on a database which app it is of, for those who look after the server."""
    statement = await admin.fetchval(
        "SELECT format('COMMENT ON DATABASE %I IS %L', "
        "$1::text, 'for ' || current_database())",
        name,
    )
    await admin.execute(statement)


@asynccontextmanager
async def _locked(connection: Connection, name: str) -> AsyncIterator[None]:
    """Hold the lock on a name for a block; it also ends with the connection."""
    key = "database " + name
    await connection.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", key)
    try:
        yield
    finally:
        await connection.execute(
            "SELECT pg_advisory_unlock(hashtextextended($1, 0))", key
        )
