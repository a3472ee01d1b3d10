"""Time passes only where nothing else can go on, and costs nothing."""

from __future__ import annotations

import asyncio
import time

import asyncpg
import pytest

from harness.model.race import Ending
from harness.point import point
from harness.scheduling.choice import Operation
from harness.scheduling.kernel import Kernel
from harness.scheduling.locks import Locks
from harness.scheduling.outcomes import HANG
from tests.scheduling.ground import Seeded, Takes, acting, play


def test_an_hour_of_sleep_costs_nothing() -> None:
    slept: list[float] = []

    async def scenario(_: Kernel) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.sleep(3600)
        slept.append(loop.time() - began)

    began = time.monotonic()
    assert play(scenario).ran.ending is Ending.ENDED

    assert slept == [3600]
    assert time.monotonic() - began < 60


def test_sleeps_end_in_the_order_of_their_times() -> None:
    ended: list[int] = []

    async def scenario(_: Kernel) -> None:
        async def sleep(seconds: int) -> None:
            await asyncio.sleep(seconds)
            ended.append(seconds)

        await asyncio.gather(*(sleep(one) for one in (30, 10, 20)))

    play(scenario)

    assert ended == [10, 20, 30]


@pytest.mark.parametrize("seed", range(5))
def test_a_time_out_never_fires_while_something_is_under_way(
    dsn: str, locks: Locks, seed: int
) -> None:
    """However short it is, and however slow the database really is."""

    async def scenario(_: Kernel) -> None:
        async def ask() -> None:
            connection = await asyncpg.connect(dsn)
            try:
                async with asyncio.timeout(0.001):
                    await connection.execute("select pg_sleep(0.05)")
            finally:
                connection.terminate()

        await asyncio.gather(*(acting(f"request {index}", ask()) for index in range(2)))

    ran = play(scenario, Seeded(seed), locks=locks).ran

    assert ran.error is None
    assert ran.ending is Ending.ENDED


def test_a_time_out_fires_where_an_operation_hangs(dsn: str, locks: Locks) -> None:
    async def scenario(_: Kernel) -> None:
        connection = await asyncpg.connect(dsn)
        try:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(5):
                    await connection.execute("select 1")
        finally:
            connection.terminate()

    def hangs(one: Operation) -> bool:
        return one.outcome == HANG and one.label == "select 1"

    chooser = Takes(hangs)
    ran = play(scenario, chooser, locks=locks, fails=(HANG,), faults=1).ran

    assert not chooser.left
    assert ran.error is None
    assert ran.ending is Ending.ENDED


def test_a_sleep_may_end_before_others_go_on_if_the_schedule_says_so() -> None:
    order: list[str] = []

    async def scenario(_: Kernel) -> None:
        async def works() -> None:
            await point("work")
            order.append("work")

        async def sleeps() -> None:
            await asyncio.sleep(5)
            order.append("sleep")

        await asyncio.gather(acting("a", works()), acting("b", sleeps()))

    play(scenario)
    play(scenario, Takes(lambda one: one.kind == "clock"))

    assert order == ["work", "sleep", "sleep", "work"]
