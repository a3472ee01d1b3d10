"""All tenants in the same tables, where Postgres itself tells their rows apart.

Policies compare each row's tenant with the setting `app.tenant_id`, which every
session sets for its one transaction. Statements name no tenant: one that forgets
whose data it wants sees this tenant's all the same, and without the setting it
fails. Policies do not bind superusers or, unless forced, owners. So tenants'
connections log in with a role that owns nothing, and the policies are forced.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

import asyncpg

from reference_app.dsns import with_login
from reference_app.identifiers import quote_identifier
from reference_app.migrations import Connection, prepare, series
from reference_app.migrations.tenant_schemas import TABLES
from reference_app.pools import Connections, connections_of, open_pool
from reference_app.settings import Settings
from reference_app.storage.login import OwnLogin, ensure_login
from reference_app.storage.own.session import OwnTablesSession
from reference_app.tenants.tenant import NewPlace, Tenant

_SCHEMA = "row_security"


class RowLevelSecurityStore:
    """The rows that policies leave of the tables for one tenant."""

    def __init__(
        self, pool: asyncpg.Pool, tenant: Tenant, *, acquire_timeout: float
    ) -> None:
        self._pool = pool
        self._tenant = tenant
        self._acquire_timeout = acquire_timeout

    @asynccontextmanager
    async def session(self) -> AsyncIterator[OwnTablesSession]:
        """Begin a transaction as the tenant; an error undoes all of it."""
        async with (
            self._pool.acquire(timeout=self._acquire_timeout) as connection,
            connection.transaction(),
        ):
            await connection.execute(
                "SELECT set_config('app.tenant_id', $1, true)", str(self._tenant.id)
            )
            yield OwnTablesSession(connection)


class RowLevelSecurityStorage:
    """Keeps every tenant's rows in tables with policies, over one pool."""

    def __init__(self, settings: Settings, login: OwnLogin, pool: asyncpg.Pool) -> None:
        self._settings = settings
        self._login = login
        self._pool = pool

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, settings: Settings, control: asyncpg.Pool
    ) -> AsyncIterator[RowLevelSecurityStorage]:
        """Bring tables and login up to date, and open the pool."""
        await prepare(control, _SCHEMA, series("row_security"))
        async with control.acquire() as connection, connection.transaction():
            login = await ensure_login(connection, _SCHEMA)
            await _grant(connection, login.role)
        async with open_pool(
            settings,
            max_size=settings.shared_pool_max,
            dsn=with_login(settings.dsn, login.role, login.password),
            # Else temporary tables would come first.
            server_settings={"search_path": f"{_SCHEMA}, pg_temp"},
        ) as pool:
            yield cls(settings, login, pool)

    def connections(self) -> Connections:
        """Count the connections of everybody's pool."""
        return connections_of(self._pool)

    def place(self, slug: str, name: str, database: str) -> NewPlace:
        """Return no place: the tables are shared."""
        return NewPlace(schema=None, role=None)

    @asynccontextmanager
    async def changes(self) -> AsyncIterator[Self]:
        """Yield itself: all that it does is part of the transaction."""
        yield self

    async def provision(
        self, connection: Connection, tenant: Tenant
    ) -> OwnTablesSession:
        """Make nothing: the tables are there. The session is bound by policies too."""
        await connection.execute(
            "SELECT set_config('app.tenant_id', $1, true), "
            "set_config('search_path', $2, true), set_config('role', $3, true)",
            str(tenant.id),
            _SCHEMA,
            self._login.role,
        )
        return OwnTablesSession(connection)

    async def remove(self, connection: Connection, tenant: Tenant) -> None:
        """Remove nothing: each row goes with the tenant that it refers to."""

    async def upgrade(self, connection: Connection, tenant: Tenant) -> None:
        """Change nothing: starting the app brings the tables up to date."""

    @asynccontextmanager
    async def open(self, tenant: Tenant) -> AsyncIterator[RowLevelSecurityStore]:
        """Yield the tenant's part."""
        yield RowLevelSecurityStore(
            self._pool, tenant, acquire_timeout=self._settings.acquire_timeout
        )


async def _grant(connection: Connection, role: str) -> None:
    """Let a role read and write rows; columns' own sequences need no grant."""
    tables = ", ".join(f"{_SCHEMA}.{table}" for table in TABLES)
    quoted = quote_identifier(role)
    await connection.execute(
        f"GRANT USAGE ON SCHEMA {_SCHEMA} TO {quoted};"
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {quoted}"
    )
