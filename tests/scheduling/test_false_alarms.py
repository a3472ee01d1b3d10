"""What cannot happen is never made to happen; what can is found."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from harness.model.race import Ending
from harness.point import point
from harness.scheduling.kernel import Kernel
from harness.scheduling.locks import Locks
from tests.scheduling.apps import Tenants, Twice, cold_start
from tests.scheduling.ground import Seeded, acting, play


def is_twice(error: BaseException | None) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(is_twice(one) for one in error.exceptions)
    return isinstance(error, Twice)


@pytest.mark.parametrize("seed", range(12))
def test_a_check_and_a_set_with_no_real_wait_between_never_happen_twice(
    dsn: str, locks: Locks, seed: int
) -> None:
    """`create_pool(min_size=0)` is awaited, and connects to nothing."""
    ran = play(cold_start(dsn, suspends=False), Seeded(seed), locks=locks).ran

    assert ran.error is None
    assert ran.ending is Ending.ENDED


def test_a_check_and_a_set_with_a_real_wait_between_happen_twice(
    dsn: str, locks: Locks
) -> None:
    scenario = cold_start(dsn, suspends=True)
    found = [
        is_twice(play(scenario, Seeded(seed), locks=locks).ran.error)
        for seed in range(6)
    ]

    assert any(found)


def test_an_idle_connection_is_taken_without_a_wait(dsn: str, locks: Locks) -> None:
    """So nobody comes between who gives one back and takes it again."""
    order: list[str] = []

    async def scenario(_: Kernel) -> None:
        pool = await asyncpg.create_pool(dsn, min_size=1, max_size=1, reset=no_reset)
        try:

            async def use(name: str) -> None:
                for _round in range(2):
                    connection = await pool.acquire()
                    order.append(name)
                    await pool.release(connection)

            first = asyncio.create_task(acting("first", use("first")))
            second = asyncio.create_task(acting("second", use("second")))
            await asyncio.gather(first, second)
        finally:
            pool.terminate()

    async def no_reset(_: asyncpg.Connection) -> None:
        """Do nothing: nothing was done to the connection."""

    seen = set()
    for seed in range(6):
        order.clear()
        ran = play(scenario, Seeded(seed), locks=locks).ran
        assert ran.error is None
        seen.add(tuple(order))

    assert len(seen) == 1


def test_single_flight_is_single_in_each_schedule(dsn: str, locks: Locks) -> None:
    for seed in range(8):
        made: list[str] = []

        async def scenario(_: Kernel, made: list[str] = made) -> None:
            flights: dict[str, asyncio.Future[None]] = {}

            async def open_once(tenant: str) -> None:
                connection = await asyncpg.connect(dsn)
                made.append(tenant)
                connection.terminate()

            async def request(tenant: str) -> None:
                await point("arrive")
                if tenant not in flights:
                    flights[tenant] = asyncio.ensure_future(open_once(tenant))
                await asyncio.shield(flights[tenant])

            async with asyncio.TaskGroup() as group:
                for index, tenant in enumerate("aabb"):
                    group.create_task(acting(f"request {index}", request(tenant)))

        ran = play(scenario, Seeded(seed), locks=locks).ran

        assert ran.error is None
        assert sorted(made) == ["a", "b"]


def test_without_a_schedule_nothing_waits(dsn: str) -> None:
    """The same taps on an ordinary loop."""

    async def plain() -> list[str]:
        app = Tenants(dsn, suspends=False)
        try:
            return list(await asyncio.gather(*(app.request(one) for one in "aab")))
        finally:
            app.terminate()

    loop = asyncio.new_event_loop()
    try:
        assert loop.run_until_complete(plain()) == ["a", "a", "b"]
    finally:
        loop.close()
