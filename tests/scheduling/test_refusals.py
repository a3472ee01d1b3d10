"""Loops that cannot be put under a schedule are refused, and say why."""

from __future__ import annotations

import asyncio

import pytest
import uvloop

from harness.errors import UsageError
from harness.point import point
from harness.scheduling.choice import FirstCome
from harness.scheduling.fresh import gated_loop
from harness.scheduling.kernel import Kernel
from harness.scheduling.locks import NoLocks
from tests.scheduling.ground import play


async def test_a_running_loop_is_refused() -> None:
    with pytest.raises(UsageError, match="from a coroutine"), gated_loop():
        pass


def test_a_running_loop_of_uvloop_is_refused_by_name() -> None:
    async def explore() -> None:
        with gated_loop():
            pass

    loop = uvloop.new_event_loop()
    try:
        with pytest.raises(UsageError, match=r"uvloop\.Loop"):
            loop.run_until_complete(explore())
    finally:
        loop.close()


def test_a_kernel_refuses_a_loop_of_uvloop() -> None:
    loop = uvloop.new_event_loop()
    try:
        with pytest.raises(UsageError, match=r"uvloop\.Loop"):
            Kernel(loop, FirstCome(), locks=NoLocks())  # type: ignore[arg-type]
    finally:
        loop.close()


def test_on_an_ordinary_loop_a_point_lets_all_through() -> None:
    order: list[str] = []

    async def other() -> None:
        order.append("other")

    async def waits_for_nobody() -> None:
        task = asyncio.create_task(other())
        await point("here")
        order.append("here")
        await task

    asyncio.run(waits_for_nobody())

    assert order == ["here", "other"]


def test_after_a_schedule_no_loop_is_left() -> None:
    async def scenario(_: Kernel) -> None:
        await point("here")

    play(scenario)

    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
