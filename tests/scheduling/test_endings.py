"""How schedules end: through, stuck on one another, or never."""

from __future__ import annotations

import asyncio
import time

import asyncpg
import pytest

from harness.model.race import Ending
from harness.point import point
from harness.scheduling import kernel as kernels
from harness.scheduling.kernel import Kernel
from harness.scheduling.locks import Locks
from tests.scheduling.apps import count, pool_of
from tests.scheduling.ground import Seeded, acting, play, values


def test_a_lock_that_nobody_gives_back_is_a_deadlock_and_says_who_waits() -> None:
    async def scenario(_: Kernel) -> None:
        lock = asyncio.Lock()
        await lock.acquire()

        async def wait() -> None:
            await point("before the lock")
            async with lock:
                pass

        await asyncio.create_task(acting("request 1", wait()))

    ran = play(scenario).ran

    assert ran.ending is Ending.DEADLOCK
    found = {one.actor: one for one in ran.waiting}
    assert found["request 1"].what == "Lock.acquire"
    assert "test_endings.py" in found["request 1"].stack[0]
    assert "wait" in found["request 1"].stack[0]


def test_an_event_that_nobody_sets_is_a_deadlock() -> None:
    async def scenario(_: Kernel) -> None:
        await acting("request 1", asyncio.Event().wait())

    ran = play(scenario).ran

    assert ran.ending is Ending.DEADLOCK
    assert [one.what for one in ran.waiting] == ["Event.wait"]


def test_two_tasks_that_await_each_other_are_a_deadlock() -> None:
    async def scenario(_: Kernel) -> None:
        tasks: list[asyncio.Task[None]] = []

        async def other(index: int) -> None:
            await point("start")
            await tasks[index]

        tasks += [
            asyncio.create_task(acting("one", other(1))),
            asyncio.create_task(acting("two", other(0))),
        ]
        await asyncio.wait(tasks)

    ran = play(scenario).ran

    assert ran.ending is Ending.DEADLOCK
    whats = [one.what for one in ran.waiting if one.actor in {"one", "two"}]
    assert whats == ["the task acting", "the task acting"]


def test_a_deadlock_is_seen_at_once_also_with_connections_that_lie_idle(
    dsn: str, locks: Locks
) -> None:
    async def scenario(_: Kernel) -> None:
        async with pool_of(dsn) as pool:
            await pool.fetchval("select 1")
            await asyncio.Event().wait()

    ran = play(scenario, locks=locks).ran

    assert ran.ending is Ending.DEADLOCK
    assert not ran.uncontrolled


def test_postgres_resolves_what_its_own_locks_have_locked(
    dsn: str, locks: Locks
) -> None:
    ends: set[tuple[str, ...]] = set()

    async def scenario(_: Kernel) -> None:
        async with pool_of(dsn) as pool:
            tasks = [
                asyncio.create_task(acting("one", count(pool, "x", "y"))),
                asyncio.create_task(acting("two", count(pool, "y", "x"))),
            ]
            done = await asyncio.gather(*tasks, return_exceptions=True)
            ends.add(tuple(type(one).__name__ for one in done))

    played = play(scenario, locks=locks)

    assert played.ran.ending is Ending.ENDED
    assert played.ran.error is None
    names = ends.pop()
    assert sorted(names) == ["DeadlockDetectedError", "NoneType"]
    assert sum(values(dsn).values()) == 2


def test_a_loop_without_end_ends_as_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "MOST_STEPS", 200)

    async def scenario(_: Kernel) -> None:
        while True:
            await point("again")

    assert play(scenario).ran.ending is Ending.ENDLESS


def test_a_poll_without_end_ends_as_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "MOST_STEPS", 200)

    async def scenario(_: Kernel) -> None:
        while True:  # noqa: ASYNC110 - that is what is tried
            await asyncio.sleep(60)

    assert play(scenario).ran.ending is Ending.ENDLESS


def test_a_spin_without_any_wait_ends_as_endless(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kernels, "MOST_STEPS", 200)

    async def scenario(_: Kernel) -> None:
        while True:  # noqa: ASYNC110 - that is what is tried
            await asyncio.sleep(0)

    assert play(scenario).ran.ending is Ending.ENDLESS


def test_what_a_scenario_raises_is_handed_on() -> None:
    async def scenario(_: Kernel) -> None:
        await point("before")
        raise KeyError("this")

    ran = play(scenario).ran

    assert ran.ending is Ending.ENDED
    assert isinstance(ran.error, KeyError)


def test_a_connection_of_one_is_handed_on_in_memory(dsn: str, locks: Locks) -> None:
    async def scenario(_: Kernel) -> None:
        pool = await asyncpg.create_pool(dsn, min_size=0, max_size=1)
        try:
            async with asyncio.TaskGroup() as group:
                for index in range(3):
                    work = acting(f"request {index}", count(pool, "x"))
                    group.create_task(work)
        finally:
            pool.terminate()

    for seed in range(3):
        before = time.monotonic()
        ran = play(scenario, Seeded(seed), locks=locks).ran
        assert ran.ending is Ending.ENDED
        assert ran.error is None
        assert not ran.uncontrolled, time.monotonic() - before

    assert values(dsn)["x"] == 9
