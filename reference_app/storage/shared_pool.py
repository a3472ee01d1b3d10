"""A schema and a role for each tenant, all over one pool of SQLAlchemy's.

Every session is one transaction, and role and search path are set for just that
transaction: however it ends, Postgres itself takes them back, and no connection
carries them on to the next tenant.

Statements that are prepared once serve all tenants. That is safe: Postgres
analyses a prepared statement afresh when the search path has changed since it was
last used (see PREPARE in its manual), and asks for the privileges of the current
role each time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import asyncpg
from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from reference_app.engines import open_engine
from reference_app.identifiers import quote_identifier
from reference_app.pools import Connections
from reference_app.settings import Settings
from reference_app.storage.core.session import CoreSession
from reference_app.storage.schema_and_role import SchemaAndRole
from reference_app.tenants.tenant import Tenant

_ENTER = select(
    func.set_config("role", bindparam("role"), True),
    func.set_config("search_path", bindparam("search_path"), True),
)


class SharedPoolStore:
    """One tenant's schema, seen through everybody's pool."""

    def __init__(self, engine: AsyncEngine, tenant: Tenant) -> None:
        self._engine = engine
        self._place = {
            "role": tenant.own_role,
            # Else temporary tables, which outlive a transaction, would come first.
            "search_path": quote_identifier(tenant.own_schema) + ", pg_temp",
        }

    @asynccontextmanager
    async def session(self) -> AsyncIterator[CoreSession]:
        """Begin a transaction as the tenant; an error undoes all of it."""
        with _drivers_errors():
            async with self._engine.begin() as connection:
                await self._enter(connection)
                yield CoreSession(connection)

    async def _enter(self, connection: AsyncConnection) -> None:
        """Begin the transaction, with the first statement of all.

        A connection on which that fails is not lent again: asyncpg goes on to take it
        for one within a transaction, and would begin a savepoint there.
        """
        try:
            await connection.execute(_ENTER, self._place)
        except BaseException:
            await connection.invalidate()
            raise


class SharedPoolStorage(SchemaAndRole):
    """Lends the connections of one pool to every tenant, a transaction at a time."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, settings: Settings, _control: asyncpg.Pool
    ) -> AsyncIterator[SharedPoolStorage]:
        """Open the pool."""
        async with open_engine(settings, max_size=settings.shared_pool_max) as engine:
            yield cls(engine)

    def connections(self) -> Connections:
        """Count the connections of everybody's pool."""
        pool = self._engine.pool
        assert isinstance(pool, AsyncAdaptedQueuePool)  # noqa: S101 - for mypy
        return Connections(pool.checkedout(), pool.checkedin())

    @asynccontextmanager
    async def open(self, tenant: Tenant) -> AsyncIterator[SharedPoolStore]:
        """Yield the tenant's view."""
        yield SharedPoolStore(self._engine, tenant)


@contextmanager
def _drivers_errors() -> Iterator[None]:
    """Raise what asyncpg raised, as other storages do, not what it was wrapped in."""
    try:
        yield
    except DBAPIError as error:
        raise error.driver_exception from None
    except PoolTimeoutError as error:
        raise TimeoutError(str(error)) from None
