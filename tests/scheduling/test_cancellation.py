"""An actor that leaves at each position of an operation, judged by what is stored."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from harness.model.race import Ending
from harness.point import Work, point, running_gate
from harness.scheduling.choice import Operation
from harness.scheduling.kernel import Kernel
from harness.scheduling.locks import Locks
from harness.scheduling.outcomes import AFTER, BEFORE, DISCONNECT, SENT, UNDONE
from tests.scheduling.apps import count
from tests.scheduling.ground import (
    Played,
    Scenario,
    Takes,
    acting,
    may_leave,
    play,
    read,
    values,
)

INSERT = "insert into counters values ('new', 1)"


def leaves_at(outcome: str, label: str = INSERT) -> Takes:
    def wanted(one: Operation) -> bool:
        return one.outcome == outcome and one.label.startswith(label)

    return Takes(wanted)


def inserting(dsn: str, seen: list[str], *, transaction: bool = False) -> Scenario:
    """One inserts a row and may leave; then the same connection is used again."""

    async def insert(pool: asyncpg.Pool) -> None:
        async with pool.acquire() as connection:
            if transaction:
                async with connection.transaction():
                    await connection.execute(INSERT)
            else:
                await connection.execute(INSERT)

    async def scenario(kernel: Kernel) -> None:
        pool = await asyncpg.create_pool(dsn, min_size=1, max_size=1)
        try:
            task = asyncio.create_task(acting("leaver", insert(pool)))
            may_leave(kernel, "leaver", task)
            await asyncio.wait({task})
            seen.append("cancelled" if task.cancelled() else "through")
            assert await pool.fetchval("select 1") == 1
            seen.append("usable")
            await pool.close()
            seen.append("closed")
        finally:
            pool.terminate()

    return scenario


@pytest.mark.parametrize(
    ("outcome", "stored"), [(BEFORE, 0), (SENT, 1), (UNDONE, 0), (AFTER, 1)]
)
def test_what_is_stored_is_what_the_position_says(
    dsn: str, locks: Locks, outcome: str, stored: int
) -> None:
    seen: list[str] = []
    chooser = leaves_at(outcome)

    played = play(inserting(dsn, seen), chooser, locks=locks)

    assert not chooser.left
    assert played.ran.ending is Ending.ENDED
    assert played.ran.error is None
    assert seen == ["cancelled", "usable", "closed"]
    assert len(read(dsn, "select 1 from counters where name = 'new'")) == stored
    assert not played.ran.uncontrolled


@pytest.mark.parametrize("outcome", [BEFORE, SENT, UNDONE, AFTER])
def test_who_leaves_amid_a_transaction_leaves_nothing_behind(
    dsn: str, locks: Locks, outcome: str
) -> None:
    seen: list[str] = []

    played = play(
        inserting(dsn, seen, transaction=True), leaves_at(outcome), locks=locks
    )

    assert played.ran.error is None
    assert seen == ["cancelled", "usable", "closed"]
    assert read(dsn, "select 1 from counters where name = 'new'") == []


@pytest.mark.parametrize("outcome", [BEFORE, SENT, UNDONE, AFTER])
def test_who_leaves_at_the_commit_has_stored_it_or_not(
    dsn: str, locks: Locks, outcome: str
) -> None:
    seen: list[str] = []
    played = play(
        inserting(dsn, seen, transaction=True),
        leaves_at(outcome, "COMMIT"),
        locks=locks,
    )

    assert played.ran.error is None
    assert seen == ["cancelled", "usable", "closed"]
    stored = len(read(dsn, "select 1 from counters where name = 'new'"))
    assert stored == (1 if outcome in {SENT, AFTER} else 0)


def one_waits(dsn: str, seen: list[str]) -> Scenario:
    """The second waits for the first one's row, and may leave meanwhile."""

    async def scenario(kernel: Kernel) -> None:
        pool = await asyncpg.create_pool(dsn, min_size=0, max_size=2)
        try:
            tasks: dict[str, asyncio.Task[Any]] = {}
            for name in ("first", "second"):
                work = acting(name, count(pool, "x"))
                tasks[name] = asyncio.create_task(work)
            may_leave(kernel, "second", tasks["second"])
            await asyncio.wait(tasks.values())
            seen.extend(name for name, task in tasks.items() if task.cancelled())
        finally:
            pool.terminate()

    return scenario


def test_who_waits_for_a_row_can_leave_and_the_other_is_served(
    dsn: str, locks: Locks
) -> None:
    def update_of(name: str, outcome: str) -> Any:
        return lambda one: (
            one.actor == name
            and one.label.startswith("update")
            and one.outcome == outcome
        )

    seen: list[str] = []
    # The first has its row and stands before its commit.
    chooser = Takes(update_of("first", ""), update_of("second", SENT))
    played = play(one_waits(dsn, seen), chooser, locks=locks)

    assert not chooser.left
    assert played.ran.ending is Ending.ENDED
    assert seen == ["second"]
    assert values(dsn)["x"] == 1


def moves(played: Played, actor: str) -> list[str]:
    return [str(one.movement) for one in played.moves if one.operation.actor == actor]


def test_each_actor_leaves_only_once(dsn: str, locks: Locks) -> None:
    seen: list[str] = []
    never = Takes(*(lambda one: bool(one.outcome) for _ in range(9)))

    played = play(inserting(dsn, seen), never, locks=locks)

    assert moves(played, "leaver").count("left") == 1
    assert len(never.left) == 8


@pytest.mark.parametrize("ends", ["host first", "child first"])
def test_a_cancellation_stays_within_what_it_cancels(ends: str) -> None:
    """A group cancels its host, which has its answer already, or not yet."""
    seen: list[str] = []
    given_back: list[str] = []

    async def answer() -> str:
        loop = asyncio.get_running_loop()
        came: asyncio.Future[str] = loop.create_future()
        loop.call_soon_threadsafe(came.set_result, "answer")
        return await came

    async def ask(name: str) -> None:
        gate = running_gate()
        assert gate is not None
        discard = given_back.append
        work = Work("outside", name, answer, discard=discard, parks=False)
        await gate.perform(work)

    async def fails() -> None:
        await ask("child")
        raise KeyError

    async def scenario(_: Kernel) -> None:
        host = "a" if ends == "host first" else "z"
        with pytest.raises(BaseExceptionGroup):  # noqa: PT012 - a block of its own
            async with asyncio.TaskGroup() as group:
                group.create_task(acting("m", fails()))
                await asyncio.sleep(0)
                await acting(host, ask("host"))
                seen.append("the host went on")
        await point("afterwards")
        seen.append("nothing was left over")

    ran = play(scenario).ran

    assert ran.error is None
    wanted = ["the host went on"] if ends == "host first" else []
    assert seen == [*wanted, "nothing was left over"]
    assert given_back == ([] if wanted else ["answer"])


@pytest.mark.parametrize("outcome", [BEFORE, DISCONNECT])
def test_who_waits_for_what_another_does_can_leave_meanwhile(outcome: str) -> None:
    """It has no operation of its own that it could leave at."""
    seen: list[str] = []

    async def scenario(kernel: Kernel) -> None:
        made = asyncio.Event()

        async def make() -> None:
            await point("making")
            made.set()

        task = asyncio.create_task(acting("waiter", made.wait()))
        may_leave(kernel, "waiter", task)
        kernel.actors["waiter"].disconnect = lambda: seen.append("told")
        await asyncio.sleep(0)
        await acting("maker", make())
        await asyncio.wait({task})
        seen.append("cancelled" if task.cancelled() else "through")

    chooser = Takes(lambda one: one.actor == "waiter" and one.outcome == outcome)
    played = play(scenario, chooser)

    assert not chooser.left
    assert played.ran.ending is Ending.ENDED
    assert seen == (["cancelled"] if outcome == BEFORE else ["told", "through"])


def test_while_nothing_is_explored_what_came_first_goes_first() -> None:
    async def scenario(kernel: Kernel) -> None:
        kernel.is_exploring = False
        await asyncio.gather(
            *(acting(name, point(f"first of {name}")) for name in ("one", "two"))
        )
        kernel.is_exploring = True
        await asyncio.gather(
            *(acting(name, point(f"next of {name}")) for name in ("one", "two"))
        )

    (choice,) = play(scenario).ran.trace

    assert {one.label for one in choice.options} == {"next of one", "next of two"}


def test_a_time_out_of_a_statement_that_waits_for_a_lock_is_under_control(
    dsn: str, locks: Locks
) -> None:
    lock = "update counters set value = value + 1 where name = 'x'"

    def once() -> Played:
        async def scenario(_: Kernel) -> None:
            pool = await asyncpg.create_pool(
                dsn, min_size=2, max_size=2, command_timeout=10
            )
            holds, over = asyncio.Event(), asyncio.Event()

            async def hold() -> None:
                async with pool.acquire() as connection, connection.transaction():
                    await connection.execute(lock)
                    holds.set()
                    await over.wait()

            async def give_up() -> None:
                await holds.wait()
                async with pool.acquire() as connection:
                    with pytest.raises(TimeoutError):
                        await connection.execute(lock)
                    assert await connection.fetchval("select 1") == 1
                over.set()

            async with asyncio.TaskGroup() as group:
                group.create_task(acting("holder", hold()))
                group.create_task(acting("waiter", give_up()))
            await pool.close()

        return play(scenario, locks=locks)

    plays = [once() for _ in range(3)]

    assert [one.ran.error for one in plays] == [None] * 3
    assert [one.ran.uncontrolled for one in plays] == [()] * 3
    assert "cancel" in plays[0].kinds("waiter")
    assert plays[0].story == plays[1].story == plays[2].story
