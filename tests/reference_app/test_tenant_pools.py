"""All tenants' pools together stay within one budget, and nobody loses a connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

import asyncpg
import pytest

from reference_app.connection_budget import ConnectionBudget
from reference_app.migrations import Connection
from reference_app.tenant_pools import PoolClosed, TenantPool, TenantPools
from tests.reference_app.running import settings_for

PATIENCE = 5.0


@asynccontextmanager
async def pools_of(
    dsn: str, count: int, **settings: Any
) -> AsyncIterator[list[TenantPool]]:
    """Open pools for so many tenants."""
    async with (
        TenantPools(settings_for(dsn, **settings)) as pools,
        AsyncExitStack() as stack,
    ):
        yield [
            await stack.enter_async_context(pools.open({"search_path": f"t{number}"}))
            for number in range(count)
        ]


@contextmanager
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Note how many connections are open after each change."""
    counts = [0]
    connect = asyncpg.connect

    async def counted(*args: Any, **options: Any) -> Any:
        counts.append(counts[-1] + 1)  # before: the server has it while we wait
        try:
            connection = await connect(*args, **options)
        except BaseException:
            counts.append(counts[-1] - 1)
            raise
        connection.add_termination_listener(lambda _: counts.append(counts[-1] - 1))
        return connection

    with monkeypatch.context() as patched:
        patched.setattr("asyncpg.pool.connection.connect", counted)
        yield counts


async def path(pool: TenantPool) -> str:
    """Borrow a connection for a moment and see whose it is."""
    async with pool.acquire(timeout=PATIENCE) as connection:
        found: str = await connection.fetchval("SHOW search_path")
        return found


async def hold(
    pool: TenantPool, held: asyncio.Event, release: asyncio.Event
) -> tuple[int, int]:
    """Borrow a connection for long; see that it is the same one all the time."""
    async with pool.acquire(timeout=PATIENCE) as connection:
        before = await pid(connection)
        held.set()
        await release.wait()
        return before, await pid(connection)


async def pid(connection: Connection) -> int:
    found: int = await connection.fetchval("SELECT pg_backend_pid()")
    return found


@pytest.mark.parametrize("floor", [0, 1, 2])
async def test_the_budget_holds_however_many_tenants_ask_at_once(
    dsn: str, monkeypatch: pytest.MonkeyPatch, floor: int
) -> None:
    with counting(monkeypatch) as counts:
        sizes = {"connection_budget": 7, "tenant_pool_max": 3, "pool_min": floor}
        async with pools_of(dsn, 12, **sizes) as pools:
            asked = [number % 12 for number in range(96)]
            found = await asyncio.gather(*(path(pools[number]) for number in asked))

        assert found == [f"t{number}" for number in asked]
        assert 3 <= max(counts) <= 7
        assert counts[-1] == 0


async def test_a_pool_grows_to_its_most_while_there_are_free_connections(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with counting(monkeypatch) as counts:
        sizes = {"connection_budget": 8, "tenant_pool_max": 3}
        async with pools_of(dsn, 1, **sizes) as (pool,):
            await asyncio.gather(*(path(pool) for _ in range(30)))

        assert max(counts) == 3


async def test_one_that_floods_leaves_others_what_they_need(dsn: str) -> None:
    async with pools_of(dsn, 2, connection_budget=3, tenant_pool_max=2) as pools:
        release = asyncio.Event()
        flood = [
            asyncio.create_task(hold(pools[0], asyncio.Event(), release))
            for _ in range(20)
        ]

        assert await path(pools[1]) == "t1"

        release.set()
        await asyncio.gather(*flood)


async def test_the_one_used_longest_ago_sleeps_and_wakes_again(
    dsn: str, database: asyncpg.Connection
) -> None:
    async with pools_of(dsn, 3, connection_budget=2, tenant_pool_max=1) as pools:
        for number in (0, 1, 0, 2):
            await path(pools[number])
        awake = await backends(database)

        assert await path(pools[1]) == "t1"
        assert len(awake) == 2
        assert len(await backends(database) - awake) == 1


async def backends(database: asyncpg.Connection) -> set[int]:
    """Return the connections that are really there."""
    rows = await database.fetch(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND state IS NOT NULL"
    )
    return {row["pid"] for row in rows}


async def test_a_connection_in_use_is_never_taken_away(dsn: str) -> None:
    async with pools_of(dsn, 4, connection_budget=2, tenant_pool_max=1) as pools:
        held, release = asyncio.Event(), asyncio.Event()
        holder = asyncio.create_task(hold(pools[0], held, release))
        await held.wait()

        for _ in range(3):
            for other in pools[1:]:
                await path(other)
        release.set()

        before, after = await holder
        assert before == after


async def test_who_finds_all_in_use_waits_and_is_told_in_time(dsn: str) -> None:
    async with pools_of(dsn, 2, connection_budget=1, tenant_pool_max=1) as pools:
        held, release = asyncio.Event(), asyncio.Event()
        holder = asyncio.create_task(hold(pools[0], held, release))
        await held.wait()

        with pytest.raises(TimeoutError):
            async with pools[1].acquire(timeout=0.05):
                pass
        waiting = asyncio.create_task(path(pools[1]))
        release.set()

        assert await waiting == "t1"
        await holder


@pytest.mark.parametrize("steps", range(12))
async def test_who_leaves_while_waiting_takes_nothing_along(
    dsn: str, steps: int
) -> None:
    async with pools_of(dsn, 3, connection_budget=1, tenant_pool_max=1) as pools:
        held, release = asyncio.Event(), asyncio.Event()
        holder = asyncio.create_task(hold(pools[0], held, release))
        await held.wait()
        leaver = asyncio.create_task(path(pools[1]))
        stayer = asyncio.create_task(path(pools[2]))
        await asyncio.sleep(0)
        release.set()
        for _ in range(steps):
            await asyncio.sleep(0)
        leaver.cancel()
        await asyncio.wait([leaver])

        assert await stayer == "t2"
        assert await path(pools[1]) == "t1"
        await holder


async def test_who_leaves_while_giving_back_makes_no_room_before_it_is_given_back(
    dsn: str, monkeypatch: pytest.MonkeyPatch, database: asyncpg.Connection
) -> None:
    resetting = asyncio.Event()
    reset = asyncpg.Connection.reset

    async def watched(connection: asyncpg.Connection, **options: Any) -> None:
        resetting.set()
        await reset(connection, **options)

    monkeypatch.setattr(asyncpg.Connection, "reset", watched)
    sizes = {"connection_budget": 1, "tenant_pool_max": 2}
    async with pools_of(dsn, 1, **sizes) as (pool,):
        leaver = asyncio.create_task(path(pool))
        await resetting.wait()
        leaver.cancel()

        async with pool.acquire(timeout=PATIENCE):
            assert len(await backends(database)) == 1
        await asyncio.wait([leaver])
        assert leaver.cancelled()


async def test_a_lost_floor_is_restored_within_the_budget(
    dsn: str, monkeypatch: pytest.MonkeyPatch, database: asyncpg.Connection
) -> None:
    sizes = {"connection_budget": 4, "tenant_pool_max": 4, "pool_min": 2}
    with counting(monkeypatch) as counts:
        async with pools_of(dsn, 1, **sizes) as (pool,):
            await path(pool)
            await database.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            async with asyncio.timeout(PATIENCE):
                while len(await backends(database)) < 2:
                    await asyncio.gather(
                        *(path(pool) for _ in range(4)), return_exceptions=True
                    )

        assert max(counts) <= 4
        assert counts[-1] == 0


async def test_a_closed_pool_does_not_wake_again(dsn: str) -> None:
    async with TenantPools(settings_for(dsn)) as pools:
        async with pools.open({"search_path": "t0"}) as pool:
            await path(pool)

        with pytest.raises(PoolClosed):
            await path(pool)


async def test_a_database_that_is_not_there_is_told_to_all_who_ask(dsn: str) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nowhere"
    async with pools_of(nowhere, 1, pool_min=1) as (pool,):
        answers = await asyncio.gather(
            *(path(pool) for _ in range(3)), return_exceptions=True
        )

    assert all(isinstance(answer, OSError) for answer in answers)


async def test_a_reservation_waits_behind_those_who_came_first() -> None:
    budget = ConnectionBudget(2, lambda: None)
    order: list[str] = []

    async def reserve(name: str, count: int) -> None:
        async with budget.reserve(count):
            order.append(name)

    async with budget.reserve(1):
        large = asyncio.create_task(reserve("large", 2))
        await asyncio.sleep(0)
        small = asyncio.create_task(reserve("small", 1))
        await asyncio.sleep(0)

        assert (order, budget.missing, budget.try_take()) == ([], 2, False)
    await asyncio.gather(large, small)
    assert order == ["large", "small"]


async def test_who_leaves_in_the_moment_of_his_turn_is_passed_over() -> None:
    budget = ConnectionBudget(1, lambda: None)

    async def reserve() -> None:
        async with budget.reserve(1):
            pass

    async with budget.reserve(1):
        leaver, stayer = (asyncio.create_task(reserve()) for _ in range(2))
        await asyncio.sleep(0)
        leaver.cancel()
    await asyncio.wait([leaver, stayer], timeout=PATIENCE)

    assert leaver.cancelled()
    assert stayer.exception() is None
    assert budget.try_take()


async def test_that_one_waited_in_vain_is_not_told_to_the_next(dsn: str) -> None:
    sizes = {"connection_budget": 1, "tenant_pool_max": 1, "acquire_timeout": 1}
    async with pools_of(dsn, 2, **sizes) as (holder, other):
        async with holder.acquire(timeout=PATIENCE):
            waiting = asyncio.create_task(path(other))
            await asyncio.sleep(0)
            (*_, kept) = other._pools._awake.values()
            await kept.closed()
            assert isinstance(kept.error, TimeoutError)

        assert await waiting == "t1"
