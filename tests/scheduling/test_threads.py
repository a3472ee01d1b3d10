"""Jobs of executors and of anyio begin when the schedule says so."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import anyio.from_thread
import anyio.to_thread
import pytest

from harness.model.race import Ending
from harness.point import point
from harness.scheduling.kernel import Kernel
from tests.scheduling.ground import Follows, Seeded, acting, play


@pytest.mark.parametrize("how", ["executor", "to_thread", "anyio"])
def test_the_order_of_jobs_is_the_schedule_s(how: str) -> None:
    order: list[str] = []

    async def scenario(_: Kernel) -> None:
        loop = asyncio.get_running_loop()

        async def job(name: str) -> None:
            if how == "executor":
                await loop.run_in_executor(None, order.append, name)
            elif how == "to_thread":
                await asyncio.to_thread(order.append, name)
            else:
                await anyio.to_thread.run_sync(order.append, name)

        async with asyncio.TaskGroup() as group:
            for name in ("a", "b", "c"):
                group.create_task(acting(name, job(name)))

    for wanted in (("a", "b", "c"), ("c", "a", "b"), ("b", "c", "a")):
        order.clear()
        played = play(scenario, Follows(*wanted))
        assert played.ran.error is None
        assert order == list(wanted)
        assert not played.ran.uncontrolled
        assert played.kinds("a") == ["thread"]


def test_a_job_is_called_by_its_name() -> None:
    async def scenario(_: Kernel) -> None:
        await asyncio.to_thread(threading.get_ident)
        await anyio.to_thread.run_sync(threading.get_ident)

    labels = {one.operation.label for one in play(scenario).moves}

    assert labels == {"get_ident"}


def test_what_a_thread_has_the_loop_do_is_put_in_order_and_holds_up_nobody() -> None:
    order: list[str] = []

    async def scenario(_: Kernel) -> None:
        async def in_loop(name: str) -> None:
            await point("in the loop")
            order.append(name)

        def job(name: str) -> None:
            anyio.from_thread.run(in_loop, name)

        async with asyncio.TaskGroup() as group:
            for name in ("a", "b"):
                work = anyio.to_thread.run_sync(job, name)
                group.create_task(acting(name, work))

    played = play(scenario, Follows("b", "a"))

    assert played.ran.error is None
    assert order == ["b", "a"]
    assert not played.ran.uncontrolled
    assert played.kinds("a") == ["thread", "point"]

    stories = [play(scenario, Seeded(4)).story for _ in range(3)]
    assert stories[0] == stories[1] == stories[2]


def test_an_executor_of_one_holds_up_the_second_job_and_not_the_schedule() -> None:
    ran_on: list[str] = []

    async def scenario(_: Kernel) -> None:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, thread_name_prefix="only") as executor:

            def job() -> None:
                ran_on.append(threading.current_thread().name)

            await asyncio.gather(
                *(loop.run_in_executor(executor, job) for _ in range(3))
            )

    ran = play(scenario).ran

    assert ran.error is None
    assert ran_on == ["only_0"] * 3
    assert not ran.uncontrolled


def test_what_a_job_raises_reaches_who_waits() -> None:
    async def scenario(_: Kernel) -> None:
        def fail() -> None:
            raise KeyError("this")

        with pytest.raises(KeyError):
            await asyncio.to_thread(fail)
        with pytest.raises(KeyError):
            await anyio.to_thread.run_sync(fail)

    assert play(scenario).ran.error is None


@pytest.mark.parametrize("how", ["executor", "own executor", "anyio"])
def test_a_deadlock_is_seen_beside_threads_that_wait_for_jobs(how: str) -> None:
    async def scenario(_: Kernel) -> None:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, thread_name_prefix="own") as executor:
            if how == "anyio":
                await anyio.to_thread.run_sync(threading.get_ident)
            else:
                pool = executor if how == "own executor" else None
                await loop.run_in_executor(pool, threading.get_ident)
            await asyncio.Event().wait()

    assert play(scenario).ran.ending is Ending.DEADLOCK
