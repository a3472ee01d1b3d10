"""A database and a pool for each tenant: no statement reaches another's.

Tenants' connections log in with a role that owns nothing. The login of the DSN
makes the databases; it needs CREATEDB and CREATEROLE.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import asyncpg
from pydantic import SecretStr

from reference_app.dsns import with_database, with_login
from reference_app.migrations import Connection
from reference_app.pools import Connections, open_pool
from reference_app.settings import Settings
from reference_app.storage.login import OwnLogin, ensure_login
from reference_app.storage.own.session import OwnTablesSession
from reference_app.storage.tenant_databases import SCHEMA, TenantDatabases, Work
from reference_app.tenant_pools import TenantPool, TenantPools
from reference_app.tenants.tenant import NewPlace, Tenant

_LOGIN = "tenant_databases"
_SETTINGS = {"search_path": f"{SCHEMA}, pg_temp"}


class DatabasePerTenantStore:
    """One tenant's own pool."""

    def __init__(self, pool: TenantPool, *, acquire_timeout: float) -> None:
        self._pool = pool
        self._acquire_timeout = acquire_timeout

    @asynccontextmanager
    async def session(self) -> AsyncIterator[OwnTablesSession]:
        """Borrow a connection to the tenant's database."""
        async with self._pool.acquire(timeout=self._acquire_timeout) as connection:
            yield OwnTablesSession(connection)


class DatabaseChanges:
    """Makes and drops databases along with one transaction.

    Args:
        databases: What makes and drops them.
        work: Of this transaction.
        connect_to: Connects to a database as its tenant.
    """

    def __init__(
        self,
        databases: TenantDatabases,
        work: Work,
        connect_to: Callable[[str], AbstractAsyncContextManager[Connection]],
    ) -> None:
        self._databases = databases
        self._work = work
        self._connect_to = connect_to

    async def provision(
        self, connection: Connection, tenant: Tenant
    ) -> OwnTablesSession:
        """Make the database; it is dropped in the end if the transaction fails."""
        name = self._databases.name_for(tenant.slug)
        await self._databases.take(self._work, name)
        await self._databases.make(self._work, name)
        await connection.execute(
            "UPDATE control.tenant_databases SET tenant_id = $2 WHERE name = $1",
            name,
            tenant.id,
        )
        own = await self._work.after.enter_async_context(self._connect_to(name))
        return OwnTablesSession(own)

    async def remove(self, connection: Connection, tenant: Tenant) -> None:
        """Have the database dropped in the end, when it has become nobody's."""
        await self._databases.take(self._work, await name_of(connection, tenant))


class DatabasePerTenantStorage:
    """Opens a pool per tenant, each to a database of its own."""

    def __init__(
        self,
        settings: Settings,
        control: asyncpg.Pool,
        databases: TenantDatabases,
        login: OwnLogin,
        pools: TenantPools,
    ) -> None:
        self._settings = settings
        self._control = control
        self._databases = databases
        self._login = login
        self._pools = pools

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, settings: Settings, control: asyncpg.Pool
    ) -> AsyncIterator[DatabasePerTenantStorage]:
        """Have a login for tenants, and finish what a crash has interrupted."""
        async with control.acquire() as connection, connection.transaction():
            login = await ensure_login(connection, _LOGIN)
            database = await connection.fetchval("SELECT current_database()")
        async with (
            open_pool(settings, max_size=settings.shared_pool_max) as admin,
            TenantPools(settings) as pools,
        ):
            databases = TenantDatabases(
                settings, admin, database=database, role=login.role
            )
            await databases.sweep()
            yield cls(settings, control, databases, login, pools)

    def connections(self) -> Connections:
        """Count the connections of tenants' pools."""
        return self._pools.connections()

    def place(self, slug: str, name: str, database: str) -> NewPlace:
        """Return no place in this database; the tenant's is noted elsewhere."""
        return NewPlace(schema=None, role=None)

    @asynccontextmanager
    async def changes(self) -> AsyncIterator[DatabaseChanges]:
        """Have what makes and drops databases."""
        async with self._databases.work() as work:
            yield DatabaseChanges(self._databases, work, self.connect_to)

    async def upgrade(self, connection: Connection, tenant: Tenant) -> None:
        """Apply new migrations to the tenant's database, in a transaction there."""
        await self._databases.upgrade(await name_of(connection, tenant))

    @asynccontextmanager
    async def open(self, tenant: Tenant) -> AsyncIterator[DatabasePerTenantStore]:
        """Open the tenant's pool."""
        dsn = self._dsn(await name_of(self._control, tenant))
        async with self._pools.open(_SETTINGS, dsn=dsn) as pool:
            yield DatabasePerTenantStore(
                pool, acquire_timeout=self._settings.acquire_timeout
            )

    @asynccontextmanager
    async def connect_to(self, database: str) -> AsyncIterator[Connection]:
        """Have one connection to a tenant's database, as the tenant's are."""
        connection = await asyncpg.connect(
            self._dsn(database).get_secret_value(),
            timeout=self._settings.acquire_timeout,
            command_timeout=self._settings.statement_timeout,
            server_settings=_SETTINGS,
        )
        try:
            yield connection
        finally:
            await connection.close(timeout=self._settings.close_timeout)

    def _dsn(self, database: str) -> SecretStr:
        """Return what a tenant's connections connect to, and as whom."""
        dsn = with_database(self._settings.dsn, database)
        return with_login(dsn, self._login.role, self._login.password)


async def name_of(control: Connection | asyncpg.Pool, tenant: Tenant) -> str:
    """Look a tenant's database up.

    Raises:
        LookupError: It was onboarded under a storage without databases.
    """
    name: str | None = await control.fetchval(
        "SELECT name FROM control.tenant_databases WHERE tenant_id = $1", tenant.id
    )
    if name is None:
        raise LookupError("the tenant was onboarded without a database")
    return name
