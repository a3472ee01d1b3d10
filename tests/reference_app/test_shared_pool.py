"""A connection of everybody's pool is a tenant's for one transaction and no longer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from reference_app.engines import open_engine
from reference_app.storage.core.session import CoreSession
from reference_app.storage.seam import EmailTaken
from reference_app.storage.shared_pool import SharedPoolStore
from tests.reference_app.running import settings_for
from tests.reference_app.stores import stores

Pair = tuple[SharedPoolStore, SharedPoolStore]


@pytest.fixture
async def engine(dsn: str) -> AsyncIterator[AsyncEngine]:
    """A pool of one connection, which everybody meets."""
    async with open_engine(settings_for(dsn, acquire_timeout=1), max_size=1) as one:
        yield one


@pytest.fixture
async def pair(dsn: str, engine: AsyncEngine) -> AsyncIterator[Pair]:
    async with stores(dsn, "shared_pool") as made:
        a, b = [SharedPoolStore(engine, await made.onboard(slug)) for slug in "ab"]
        yield a, b


def raw(session: CoreSession) -> AsyncConnection:
    """Return what a session stands on."""
    return session.documents._connection


async def left_on(engine: AsyncEngine) -> tuple[str, str, bool]:
    """Return role and search path of the connection, and whether it is in use."""
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert isinstance(driver, asyncpg.Connection)
        in_use = driver.is_in_transaction()
        role = await driver.fetchval("SELECT current_user")
        return role, await driver.fetchval("SHOW search_path"), in_use


@asynccontextmanager
async def left_as_it_was(engine: AsyncEngine) -> AsyncIterator[None]:
    """Fail if the connection is not afterwards what it is before."""
    before = await left_on(engine)
    assert before[1:] == ('"$user", public', False)
    yield
    assert await left_on(engine) == before


@pytest.mark.parametrize("table", ["tenant_b.documents", "control.tenants"])
async def test_a_session_cannot_reach_beyond_its_schema(
    pair: Pair, engine: AsyncEngine, table: str
) -> None:
    a, b = pair
    async with b.session() as session:
        await session.documents.create("of B", "")

    async with left_as_it_was(engine):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with a.session() as session:
                await raw(session).execute(text(f"SELECT * FROM {table}"))


async def test_a_connection_is_given_back_as_nobodys(
    pair: Pair, engine: AsyncEngine
) -> None:
    a, _ = pair
    async with left_as_it_was(engine), a.session() as session:
        await session.documents.create("of A", "")
        row = (
            await raw(session).execute(text("SELECT current_user, current_schema()"))
        ).one()
        assert row[0].startswith("tenant_a_")
        assert row[1] == "tenant_a"


@pytest.mark.parametrize("statement", ["SELECT 1 / 0", "SELECT * FROM control.tenants"])
async def test_an_error_undoes_the_session_and_leaves_nothing(
    pair: Pair, engine: AsyncEngine, statement: str
) -> None:
    a, _ = pair

    async def work() -> None:
        async with a.session() as session:
            await session.documents.create("of A", "")
            await raw(session).execute(text(statement))

    async with left_as_it_was(engine):
        with pytest.raises(asyncpg.PostgresError):
            await work()

    async with a.session() as session:
        assert await session.documents.count() == 0


async def test_cancelled_at_any_point_a_session_leaves_nothing(
    pair: Pair, engine: AsyncEngine
) -> None:
    a, b = pair
    finished = False
    turns = 0
    async with b.session() as session:
        await session.documents.create("of B", "")

    async def work() -> None:
        nonlocal finished
        async with a.session() as session:
            await session.documents.create("of A", "")
            await session.documents.count()
        finished = True

    while not finished:
        async with left_as_it_was(engine):
            task = asyncio.create_task(work())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            turns += 1
        async with b.session() as session:
            assert [d.title for d in await session.documents.page(9, 0)] == ["of B"]

    assert turns > 5


async def test_statements_prepared_for_one_tenant_read_the_others_rows_for_it(
    pair: Pair, engine: AsyncEngine
) -> None:
    for number, store in enumerate(pair):
        async with store.session() as session:
            await session.documents.create(f"of {number}", "")

    for _ in range(12):  # after five, Postgres may keep a plan for good
        for number, store in enumerate(pair):
            async with store.session() as session:
                (document,) = await session.documents.page(9, 0)
                assert document.title == f"of {number}"

    async with pair[0].session() as session:
        (uses,) = await raw(session).execute(
            text(
                "SELECT generic_plans + custom_plans FROM pg_prepared_statements "
                "WHERE statement LIKE 'SELECT documents.id%'"
            )
        )
    assert uses == (24,)


async def test_an_address_that_is_taken_does_not_end_the_session(pair: Pair) -> None:
    a, _ = pair
    async with a.session() as session:
        await session.documents.create("before", "")
        with pytest.raises(EmailTaken):
            await session.members.create(
                email="BOSS@a.example", name="Jo", role="member", password_hash="x"
            )
        await session.documents.create("after", "")

    async with a.session() as session:
        assert await session.documents.count() == 2


async def test_a_temporary_table_of_one_tenant_hides_no_table_of_another(
    pair: Pair,
) -> None:
    a, b = pair
    async with b.session() as session:
        await session.documents.create("of B", "")
    async with a.session() as session:
        await raw(session).execute(text("CREATE TEMP TABLE documents (id int)"))

    async with b.session() as session:
        assert await session.documents.count() == 1


async def test_a_pool_that_stays_empty_is_a_time_out(
    pair: Pair, engine: AsyncEngine
) -> None:
    a, b = pair
    async with a.session():
        with pytest.raises(TimeoutError):
            async with b.session():
                pass


async def test_connections_in_use_are_cut_off_at_the_end(dsn: str) -> None:
    async with open_engine(settings_for(dsn), max_size=1) as engine:
        connection = await engine.connect()
        driver = (await connection.get_raw_connection()).driver_connection
        assert isinstance(driver, asyncpg.Connection)

    assert driver.is_closed()
    await connection.close()


async def test_a_connection_on_which_nothing_could_begin_is_not_lent_again(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """asyncpg takes it for one within a transaction, and would begin a savepoint."""
    a, b = pair
    execute, failures = asyncpg.Connection.execute, ["the first"]

    async def fails(self: asyncpg.Connection, query: str) -> str:
        if query == "BEGIN;" and failures:
            raise asyncpg.QueryCanceledError(failures.pop())
        return await execute(self, query)

    monkeypatch.setattr(asyncpg.Connection, "execute", fails)

    with pytest.raises(asyncpg.QueryCanceledError):
        async with a.session():
            pass
    async with b.session() as session:
        created = await session.documents.create("of B", "")
    async with b.session() as session:
        assert await session.documents.get(created.id) == created


async def test_an_engine_has_connected_before_anybody_asks(
    engine: AsyncEngine,
) -> None:
    """What it learns over its first connection nobody else has to wait for then."""
    pool = engine.pool
    assert isinstance(pool, AsyncAdaptedQueuePool)

    assert (pool.checkedin(), pool.checkedout()) == (1, 0)
