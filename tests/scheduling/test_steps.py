"""Orders of task steps without anything outside between: a tier of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final

import anyio.lowlevel
import asyncpg
import pytest

from harness.model.race import Ending
from harness.observe.gates.steps import steps_gated
from harness.point import point
from harness.scheduling.choice import Chooser, FirstCome, Operation
from harness.scheduling.kernel import Kernel
from harness.scheduling.locks import Locks
from harness.scheduling.outcomes import BEFORE
from tests.scheduling.ground import (
    Follows,
    Played,
    Scenario,
    Seeded,
    Takes,
    acting,
    may_leave,
    play,
)

SEEDS: Final = range(40)

Yields = Callable[[], Awaitable[object]]


async def sleeps() -> None:
    await asyncio.sleep(0)


@pytest.fixture
def steps() -> Iterator[None]:
    with steps_gated():
        yield


def check_then_set(made: list[str], yields: Yields, *, locked: bool) -> Scenario:
    """Two make something once; the second comes a step later than the first is done.

    Before it comes, the first has long set what it checks: only if the first is held up
    between two steps do both make it.
    """

    async def scenario(_: Kernel) -> None:
        ready: set[str] = set()
        lock = asyncio.Lock() if locked else contextlib.nullcontext()

        async def use(name: str, before: int) -> None:
            for _ in range(before):
                await yields()
            async with lock:
                if "a" not in ready:
                    await yields()
                    made.append(name)
                    ready.add("a")

        await asyncio.gather(acting("a", use("a", 0)), acting("b", use("b", 3)))

    return scenario


def most_made(yields: Yields, *, locked: bool) -> int:
    most = 0
    for seed in SEEDS:
        made: list[str] = []
        ran = play(check_then_set(made, yields, locked=locked), Seeded(seed)).ran
        assert ran.error is None
        assert ran.ending is Ending.ENDED
        most = max(most, len(made))
    return most


@pytest.mark.parametrize("yields", [sleeps, anyio.lowlevel.checkpoint])
def test_a_race_between_steps_is_found_in_the_second_tier_only(yields: Yields) -> None:
    assert most_made(yields, locked=False) == 1
    with steps_gated():
        assert most_made(yields, locked=False) == 2


@pytest.mark.usefixtures("steps")
@pytest.mark.parametrize("yields", [sleeps, anyio.lowlevel.checkpoint])
def test_correct_code_is_silent_in_the_second_tier(yields: Yields) -> None:
    assert most_made(yields, locked=True) == 1


def mixed(order: list[str]) -> Scenario:
    async def scenario(_: Kernel) -> None:
        async def work(name: str) -> None:
            for number in range(2):
                await point("work")
                await asyncio.sleep(0)
                order.append(f"{name}{number}")

        await asyncio.gather(*(acting(name, work(name)) for name in "abc"))

    return scenario


def test_without_the_second_tier_there_are_no_steps() -> None:
    before = [play(mixed([]), Seeded(seed)) for seed in range(5)]
    with steps_gated():
        within = [play(mixed([]), Seeded(seed)) for seed in range(5)]
    after = [play(mixed([]), Seeded(seed)) for seed in range(5)]

    assert [one.ran.trace for one in before] == [one.ran.trace for one in after]
    assert not any("step" in kinds(one) for one in (*before, *after))
    assert all("step" in kinds(one) for one in within)


def kinds(played: Played) -> set[str]:
    return {one.operation.kind for one in played.moves}


@pytest.mark.usefixtures("steps")
def test_the_order_of_steps_is_the_schedule_s_and_replays() -> None:
    order: list[str] = []
    play(mixed(order), Follows("c", "a", "b"))
    assert order == ["c0", "c1", "a0", "a1", "b0", "b1"]

    one, other = (play(mixed([]), Seeded(3)) for _ in range(2))
    assert one.ran.trace == other.ran.trace
    assert one.story == other.story


@pytest.mark.usefixtures("steps")
def test_a_step_is_called_by_the_function_that_yields() -> None:
    async def scenario(_: Kernel) -> None:
        await sleeps()

    assert {one.operation.label for one in play(scenario).moves} == {"sleeps"}


@pytest.mark.usefixtures("steps")
def test_who_leaves_at_a_step_is_cancelled_there() -> None:
    async def scenario(kernel: Kernel) -> None:
        task = asyncio.create_task(acting("leaver", sleeps()))
        may_leave(kernel, "leaver", task)
        await asyncio.wait({task})
        assert task.cancelled()

    chooser = Takes(lambda one: one.kind == "step" and one.outcome == BEFORE)
    played = play(scenario, chooser)

    assert not chooser.left
    assert played.ran.error is None
    offered = {option.outcome for one in played.ran.trace for option in one.options}
    assert offered == {"", BEFORE}


class Starves:
    """Lets whoever polls go on as long as it may."""

    def choose(self, options: Sequence[Operation]) -> int:
        found = (n for n, one in enumerate(options) if one.actor == "polls")
        return next(found, 0)


@pytest.mark.usefixtures("steps")
@pytest.mark.parametrize("waits", ["step", "point", "sleep"])
@pytest.mark.parametrize("chooser", [FirstCome, Starves])
def test_who_polls_holds_up_nobody_for_ever(
    waits: str, chooser: Callable[[], Chooser]
) -> None:
    async def scenario(_: Kernel) -> None:
        done = asyncio.Event()

        async def polls() -> None:
            while not done.is_set():
                await sleeps()

        async def works() -> None:
            if waits == "point":
                await point("work")
            else:
                await asyncio.sleep(0 if waits == "step" else 5)
            done.set()

        await asyncio.gather(acting("polls", polls()), acting("works", works()))

    ran = play(scenario, chooser()).ran

    assert ran.ending is Ending.ENDED
    assert ran.error is None


@pytest.mark.usefixtures("steps")
def test_no_step_waits_while_something_is_under_way(dsn: str, locks: Locks) -> None:
    """A statement waits for another one's lock, and the other takes steps."""

    async def scenario(_: Kernel) -> None:
        holds, waits = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
        locked = asyncio.Event()
        update = "update counters set value = 1 where name = 'x'"

        async def first() -> None:
            transaction = holds.transaction()
            await transaction.start()
            await holds.execute(update)
            locked.set()
            await point("the other one waits now")
            await point("and still does")
            await asyncio.sleep(0)
            await transaction.rollback()

        async def second() -> None:
            await locked.wait()
            await waits.execute(update)

        try:
            await asyncio.gather(acting("a", first()), acting("b", second()))
        finally:
            holds.terminate()
            waits.terminate()

    played = play(scenario, Follows("b", "a"), locks=locks)

    assert played.ran.error is None
    assert "update" in {one.operation.label.split()[0] for one in played.moves}
    assert "step" not in kinds(played)
