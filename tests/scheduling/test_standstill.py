"""Who only waits is found out although something is done every few seconds."""

from __future__ import annotations

import asyncio

from harness.model.race import Ending
from harness.point import point
from harness.scheduling.kernel import Kernel
from harness.scheduling.standstill import PATIENCE
from tests.scheduling.ground import acting, play

BACKGROUND = ("keeper",)


async def _keeps() -> None:
    while True:
        await asyncio.sleep(15)
        await point("looks after something")


def test_who_waits_for_ever_beside_a_timer_that_goes_on_stands_still() -> None:
    async def scenario(_: Kernel) -> None:
        keeper = asyncio.create_task(acting("keeper", _keeps()))
        never = asyncio.get_running_loop().create_future()
        try:
            await asyncio.create_task(acting("request 1", _awaits(never)))
        finally:
            keeper.cancel()

    ran = play(scenario, background=BACKGROUND).ran

    assert ran.ending is Ending.DEADLOCK
    assert [one.actor for one in ran.waiting if one.actor == "request 1"]
    assert ran.operations < 2 * PATIENCE / 15


def test_who_has_a_timer_of_its_own_is_waited_for_however_long_it_takes() -> None:
    async def scenario(_: Kernel) -> None:
        keeper = asyncio.create_task(acting("keeper", _keeps()))
        await asyncio.create_task(acting("request 1", asyncio.sleep(3 * PATIENCE)))
        keeper.cancel()

    ran = play(scenario, background=BACKGROUND).ran

    assert (ran.ending, ran.error) == (Ending.ENDED, None)


def test_whom_the_background_wakes_in_time_is_waited_for() -> None:
    async def scenario(_: Kernel) -> None:
        done = asyncio.Event()

        async def keep() -> None:
            await asyncio.sleep(PATIENCE / 2)
            done.set()

        keeper = asyncio.create_task(acting("keeper", keep()))
        await asyncio.create_task(acting("request 1", done.wait()))
        await keeper

    ran = play(scenario, background=BACKGROUND).ran

    assert (ran.ending, ran.error) == (Ending.ENDED, None)


async def _awaits(future: asyncio.Future[None]) -> None:
    await future
