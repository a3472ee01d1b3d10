"""Who leaves amid an operation cancels it only where that is really cancelled."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import anyio
import asyncpg
import pytest

from harness.model.race import Ending
from harness.scheduling.kernel import Kernel
from harness.scheduling.locks import Locks
from harness.scheduling.outcomes import AFTER, BEFORE, SENT, UNDONE
from tests.scheduling.ground import Played, Scenario, Takes, acting, may_leave, play

INSERT: Final = "insert into counters values ('new', 1)"
EVERY: Final = frozenset({BEFORE, SENT, UNDONE, AFTER})
SOON: Final = EVERY - {AFTER}

Work = Callable[[], Coroutine[Any, Any, None]]
Form = Callable[[Work], Awaitable[Any]]


async def awaited(work: Work) -> None:
    await asyncio.create_task(_of(work))


async def gathered(work: Work) -> None:
    await asyncio.gather(asyncio.sleep(0), asyncio.gather(work(), asyncio.sleep(0)))


async def waited_for(work: Work) -> None:
    await asyncio.wait_for(work(), 5)


async def in_group(work: Work) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_of(work))


async def in_group_of_anyio(work: Work) -> None:
    """As under Starlette's `BaseHTTPMiddleware`: the host waits within the group."""
    async with anyio.create_task_group() as group:
        group.start_soon(work)
        await anyio.sleep_forever()


async def shielded(work: Work) -> None:
    await asyncio.shield(work())


async def shielded_in_group_of_anyio(work: Work) -> None:
    async def within() -> None:
        with anyio.CancelScope(shield=True):
            await work()

    async with anyio.create_task_group() as group:
        group.start_soon(within)


async def waited(work: Work) -> None:
    """`wait` cancels none of those it waits for."""
    await asyncio.wait({asyncio.create_task(_of(work))})


async def by_future(work: Work) -> None:
    """As in a single flight: a task does it, and tells whoever waits."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def flight() -> None:
        await work()
        done.set_result(None)

    task = asyncio.create_task(flight())
    try:
        # Somebody else waits, too.
        await asyncio.shield(done)
    finally:
        del task


async def _of(work: Work) -> None:
    await work()


CANCELLED: Final[tuple[tuple[Form, frozenset[str]], ...]] = (
    (awaited, EVERY),
    (gathered, EVERY),
    (waited_for, EVERY if sys.version_info >= (3, 12) else SOON),
    (in_group, SOON),
    (in_group_of_anyio, SOON),
)
SHIELDED: Final = (shielded, shielded_in_group_of_anyio, waited, by_future)


def inserting(dsn: str, form: Form, seen: list[str]) -> Scenario:
    """One has a row inserted in this form, and may leave; it is seen how that ends."""

    async def scenario(kernel: Kernel) -> None:
        connection = await asyncpg.connect(dsn)
        over = asyncio.Event()

        async def insert() -> None:
            try:
                await connection.execute(INSERT)
                seen.append("through")
            except BaseException as error:
                seen.append(type(error).__name__)
                raise
            finally:
                over.set()

        async def leaver() -> None:
            work = asyncio.create_task(acting("leaver", form(insert)))
            may_leave(kernel, "leaver", work)
            await asyncio.wait({work})
            await over.wait()

        try:
            task = asyncio.create_task(leaver())
            if form is in_group_of_anyio:
                # Its host waits for ever.
                await over.wait()
                kernel.actors["leaver"].leave = None
                task.cancel()
            await asyncio.wait({task})
        finally:
            connection.terminate()

    return scenario


def offered(played: Played) -> set[str]:
    return {
        option.outcome
        for choice in played.ran.trace
        for option in choice.options
        if option.label == INSERT and option.outcome
    }


@pytest.mark.parametrize(("form", "wanted"), CANCELLED)
def test_what_is_cancelled_with_its_actor_can_be_left_amid_it(
    dsn: str, locks: Locks, form: Form, wanted: frozenset[str]
) -> None:
    assert offered(play(inserting(dsn, form, []), locks=locks)) == wanted


@pytest.mark.parametrize(
    ("form", "outcome"),
    [(form, outcome) for form, wanted in CANCELLED for outcome in sorted(wanted)],
)
def test_what_is_offered_cancels_it(
    dsn: str, locks: Locks, form: Form, outcome: str
) -> None:
    seen: list[str] = []

    chooser = Takes(lambda one: one.label == INSERT and one.outcome == outcome)
    ran = play(inserting(dsn, form, seen), chooser, locks=locks).ran

    assert not chooser.left
    assert ran.ending is Ending.ENDED
    assert ran.error is None
    assert seen == ["CancelledError"]


@pytest.mark.parametrize("form", SHIELDED)
def test_what_outlives_its_actor_goes_on_when_that_leaves(
    dsn: str, locks: Locks, form: Form
) -> None:
    seen: list[str] = []

    chooser = Takes(lambda one: one.label == INSERT and bool(one.outcome))
    played = play(inserting(dsn, form, seen), chooser, locks=locks)

    assert not chooser.left
    assert offered(played) == {BEFORE}
    assert played.ran.error is None
    assert seen == ["through"]


def test_who_waits_for_the_flight_of_another_leaves_it_alone(
    dsn: str, locks: Locks
) -> None:
    """The first one's task awaits the statement; the second only waits for it."""
    seen: list[str] = []

    async def scenario(kernel: Kernel) -> None:
        connection = await asyncpg.connect(dsn)
        try:
            flight: asyncio.Future[str] = asyncio.get_running_loop().create_future()

            async def first() -> None:
                await connection.execute(INSERT)
                flight.set_result("made")

            async def second() -> None:
                seen.append(await asyncio.shield(flight))

            tasks = [
                asyncio.create_task(acting("first", first())),
                asyncio.create_task(acting("second", second())),
            ]
            may_leave(kernel, "first", tasks[1])
            await asyncio.wait(tasks)
        finally:
            connection.terminate()

    assert offered(play(scenario, locks=locks)) == {BEFORE}
    assert seen == ["made"]
