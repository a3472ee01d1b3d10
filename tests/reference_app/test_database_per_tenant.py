"""A tenant's database is made and dropped with the tenant, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import asyncpg
import pytest

from reference_app.migrations import Connection
from reference_app.storage.seam import Session, Storage
from reference_app.tenants.onboarding import TenantExists
from reference_app.tenants.tenant import Tenant
from tests.reference_app.stores import Stores, stores

STORAGE = "database_per_tenant"


@pytest.fixture
async def made(dsn: str) -> AsyncIterator[Stores]:
    """An empty storage whose first template is there already."""
    async with stores(dsn, STORAGE) as opened:
        await opened.onboard("first")
        yield opened


async def databases(database: asyncpg.Connection) -> set[str]:
    """Return the databases of the server, and those noted; all must be one's own."""
    noted = await database.fetch("SELECT name, tenant_id FROM control.tenant_databases")
    assert all(row["tenant_id"] is not None for row in noted)
    rows = await database.fetch("SELECT datname FROM pg_database")
    there = {str(row["datname"]) for row in rows}
    assert {row["name"] for row in noted} <= there
    return there


async def name_of(database: asyncpg.Connection, slug: str) -> str:
    """Return the name that a tenant's database has or would have."""
    first = await database.fetchval("SELECT name FROM control.tenant_databases LIMIT 1")
    return f"tenant_{slug}_{first.rpartition('_')[2]}"


async def test_a_tenants_connections_reach_its_database_and_own_nothing(
    made: Stores,
) -> None:
    async with made.open("a", "b") as (a, _), a.session() as session:
        raw: Any = session.documents._connection  # type: ignore[attr-defined]
        name = await raw.fetchval("SELECT current_database()")
        assert name.startswith("tenant_a_")
        with pytest.raises(asyncpg.FeatureNotSupportedError):  # another database
            await raw.fetch(f"SELECT * FROM {name.replace('_a_', '_b_')}.tenant.flags")
        for statement in ("CREATE TABLE mine (id int)", "SELECT * FROM pg_authid"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await raw.execute(statement)
        role = await raw.fetchrow(
            "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles "
            "WHERE rolname = session_user"
        )
        assert not any(role)


async def test_equal_ids_of_two_tenants_are_different_rows(made: Stores) -> None:
    async with made.open("a", "b") as pair:
        ids = []
        for store in pair:
            async with store.session() as session:
                ids.append((await session.documents.create("one", "")).id)

    assert ids == [1, 1]


async def test_each_database_says_which_app_it_is_of(
    made: Stores, database: asyncpg.Connection
) -> None:
    own = await database.fetchval("SELECT current_database()")
    suffix = (await name_of(database, "x")).rpartition("_")[2]

    said = await database.fetch(
        "SELECT shobj_description(oid, 'pg_database') AS text FROM pg_database "
        "WHERE strpos(datname, $1) > 0",
        suffix,
    )

    assert [row["text"] for row in said] == [f"for {own}"] * 2  # and the template


class Halting:
    """Makes places, says so, and goes no further until it is told how to end."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.reached = asyncio.Event()
        self.end = asyncio.get_running_loop().create_future()

    @asynccontextmanager
    async def changes(self) -> AsyncIterator[Any]:
        async with self._storage.changes() as self._changes:
            yield self

    async def provision(self, connection: Connection, tenant: Tenant) -> Session:
        session = await self._changes.provision(connection, tenant)
        self.reached.set()
        await self.end
        return session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)


@pytest.mark.parametrize("how", ["error", "cancelled"])
async def test_an_onboarding_that_ends_half_way_leaves_no_database(
    made: Stores, database: asyncpg.Connection, how: str
) -> None:
    before = await databases(database)
    halting = Halting(made.foundation.storage)
    halted = Stores(replace(made.foundation, storage=cast("Storage", halting)))
    task = asyncio.create_task(halted.onboard("a"))
    await halting.reached.wait()
    name = await name_of(database, "a")
    known = "SELECT true FROM pg_database WHERE datname = $1"
    assert await database.fetchval(known, name)
    entered = "SELECT true FROM control.tenants WHERE slug = 'a'"
    assert not await database.fetchval(entered)

    if how == "error":
        halting.end.set_exception(LookupError())
    else:
        task.cancel()
    await asyncio.wait([task])

    assert task.cancelled() or isinstance(task.exception(), LookupError)
    assert await databases(database) == before
    await made.onboard("a")


async def test_a_transaction_that_cannot_be_committed_leaves_no_database(
    made: Stores, database: asyncpg.Connection
) -> None:
    before = await databases(database)
    await database.execute(
        "CREATE FUNCTION control.refuse() RETURNS trigger LANGUAGE plpgsql "
        "AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$;"
        "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON control.tenants "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION control.refuse()"
    )

    with pytest.raises(asyncpg.RaiseError):
        await made.onboard("a")

    assert await databases(database) == before


async def leave_as_a_crash_would(database: asyncpg.Connection, slug: str) -> str:
    """Make what is there when a process dies between making and entering."""
    name = await name_of(database, slug)
    await database.execute("INSERT INTO control.tenant_databases VALUES ($1)", name)
    await database.execute(f'CREATE DATABASE "{name}"')
    return name


async def test_what_a_crash_has_left_is_replaced_by_the_next_of_that_name(
    made: Stores, database: asyncpg.Connection
) -> None:
    await leave_as_a_crash_would(database, "a")

    async with made.open("a") as (a,), a.session() as session:
        assert await session.members.count() == 1


async def test_what_a_crash_has_left_is_dropped_by_the_next_start(
    dsn: str, made: Stores, database: asyncpg.Connection
) -> None:
    before = await databases(database)
    await leave_as_a_crash_would(database, "a")
    # A tenant is removed, but the process dies before it drops the database.
    gone = await made.onboard("gone")
    await database.execute("DELETE FROM control.tenants WHERE id = $1", gone.id)

    async with stores(dsn, STORAGE):
        assert await databases(database) == before


async def test_a_start_leaves_alone_what_another_process_is_making(
    dsn: str, made: Stores, database: asyncpg.Connection
) -> None:
    name = await leave_as_a_crash_would(database, "a")
    await database.execute(
        "SELECT pg_advisory_lock(hashtextextended($1, 0))", f"database {name}"
    )

    async with stores(dsn, STORAGE):
        pass

    known = "SELECT count(*) FROM pg_database WHERE datname = $1"
    assert await database.fetchval(known, name) == 1


async def test_a_database_that_nobody_noted_is_neither_taken_nor_dropped(
    dsn: str, made: Stores, database: asyncpg.Connection
) -> None:
    name = await name_of(database, "a")
    await database.execute(f'CREATE DATABASE "{name}"')
    before = await databases(database)

    with pytest.raises(TenantExists):
        await made.onboard("a")

    async with stores(dsn, STORAGE):
        assert await databases(database) == before


async def test_a_removal_that_fails_keeps_the_database(
    made: Stores, database: asyncpg.Connection
) -> None:
    tenant = await made.onboard("a")
    before = await databases(database)
    await database.execute(
        "CREATE TABLE keeper (id uuid REFERENCES control.tenants);"
        f"INSERT INTO keeper VALUES ('{tenant.id}')"
    )

    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await made.offboard(tenant)

    assert await databases(database) == before
    async with made.foundation.storage.open(tenant) as store, store.session() as one:
        assert await one.members.count() == 1


async def test_a_template_of_other_migrations_is_replaced(
    made: Stores, database: asyncpg.Connection
) -> None:
    current = "SELECT datname FROM pg_database WHERE datname LIKE $1 AND datistemplate"
    suffix = (await name_of(database, "x")).rpartition("_")[2]
    (row,) = await database.fetch(current, f"tenants\\_{suffix}\\_%\\_template")
    old = f"tenants_{suffix}_01234567_template"
    await database.execute(f'ALTER DATABASE "{row["datname"]}" RENAME TO "{old}"')

    await made.onboard("a")

    assert await database.fetch(current, f"tenants\\_{suffix}\\_%\\_template") == [row]


async def test_processes_that_need_the_first_template_make_one(
    dsn: str, database: asyncpg.Connection
) -> None:
    async def use(slug: str) -> None:
        async with stores(dsn, STORAGE) as made:
            await made.onboard(slug)

    await asyncio.gather(*(use(slug) for slug in "abc"))

    suffix = (await name_of(database, "x")).rpartition("_")[2]
    count = await database.fetchval(
        "SELECT count(*) FROM pg_database WHERE datname LIKE $1", f"%{suffix}%template"
    )
    assert count == 1
