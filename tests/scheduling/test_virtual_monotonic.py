"""`time.monotonic` follows a schedule's clock, for the app and on its thread only."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time

import pytest

from harness.scheduling.clock import (
    REAL_AFTER,
    RealTimeLoop,
    VirtualClock,
    virtual_monotonic,
)
from harness.scheduling.kernel import Kernel
from tests.scheduling.ground import Scenario, play

HOUR = 3600.0
REAL = time.monotonic


def test_what_an_app_measures_is_what_it_slept() -> None:
    took: list[float] = []

    async def scenario(kernel: Kernel) -> None:
        before, before_ns = time.monotonic(), time.monotonic_ns()
        await asyncio.sleep(HOUR)
        took.append(time.monotonic() - before)
        took.append((time.monotonic_ns() - before_ns) / 1e9)

    _play(scenario)

    assert took == [HOUR] * 2


def test_what_the_machine_takes_meanwhile_does_not_pass_for_the_app() -> None:
    seen: list[float] = []

    async def scenario(kernel: Kernel) -> None:
        began, asked = REAL(), time.monotonic()
        while REAL() - began < 0.05:
            pass
        seen.append(time.monotonic() - asked)
        await asyncio.sleep(0.1)
        seen.append(time.monotonic() - asked)

    _play(scenario, scenario)

    assert seen == [0.0, pytest.approx(0.1, abs=1e-9)] * 2


def test_the_harness_sees_the_real_time_and_so_do_other_threads() -> None:
    seen: list[float] = []

    async def scenario(kernel: Kernel) -> None:
        await asyncio.sleep(HOUR)
        seen.append(eval("time.monotonic()", {"__name__": "harness.x", "time": time}))
        thread = threading.Thread(target=lambda: seen.append(time.monotonic()))
        thread.start()
        thread.join()
        seen.append(eval("time.monotonic()", {"__name__": "harnessed", "time": time}))

    began = REAL()
    _play(scenario)

    assert [one - began < HOUR for one in seen] == [True, True, False]


def test_a_schedule_begins_without_what_passed_in_the_one_before() -> None:
    took: list[float] = []

    async def scenario(kernel: Kernel) -> None:
        took.append(time.monotonic() - REAL())
        await asyncio.sleep(HOUR)

    _play(scenario, scenario)

    assert took == [pytest.approx(0, abs=60)] * 2


def test_the_real_clock_is_there_again_afterwards_also_after_an_error() -> None:
    before = time.monotonic, time.monotonic_ns

    with pytest.raises(LookupError):
        _fails()

    assert (time.monotonic, time.monotonic_ns) == before


def _fails() -> None:
    with virtual_monotonic() as clock:
        clock.begins()
        clock.passes(HOUR)
        raise LookupError


def _play(*scenarios: Scenario) -> None:
    with virtual_monotonic() as clock:
        for scenario in scenarios:
            clock.begins()
            play(scenario, on_advance=clock.passes)
            clock.ends()


def test_what_ends_after_a_schedule_has_real_time_to() -> None:
    ended: list[bool] = []

    async def stubborn() -> None:
        for _ in range(2):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(HOUR)
        ended.append(False)

    async def scenario(kernel: Kernel) -> None:
        left.append(asyncio.create_task(stubborn()))
        await asyncio.sleep(0)

    left: list[asyncio.Task[None]] = []
    _play(scenario)

    assert ended == []


def test_who_blocks_its_thread_until_a_time_has_come_is_not_held_for_ever() -> None:
    clock, now = VirtualClock(), [100.5]
    clock._monotonic = lambda: now[0]

    clock.begins()
    seen = [eval("now()", {"now": clock.monotonic})]
    for seconds in (REAL_AFTER, 5.0):
        now[0] += seconds
        seen.append(eval("now()", {"now": clock.monotonic}))
    clock.ends()

    assert seen == [101.0, 101.0, 106.0]


def test_what_is_no_part_of_a_schedule_waits_for_real_time_amid_one() -> None:
    with virtual_monotonic() as clock:
        clock.begins()
        began = REAL()
        with asyncio.Runner(loop_factory=RealTimeLoop) as runner:
            runner.run(asyncio.sleep(0.05))
            with pytest.raises(TimeoutError):
                runner.run(_waits_for_ever(0.05))
        clock.ends()

    assert 0.1 <= REAL() - began < REAL_AFTER


async def _waits_for_ever(within: float) -> None:
    async with asyncio.timeout(within):
        await asyncio.Event().wait()
