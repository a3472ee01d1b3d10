"""What blocks is interrupted when its time is over, and a loop that waits is not."""

from __future__ import annotations

import asyncio
import selectors
import socket
import time
from collections.abc import Callable

import pytest

from harness.hosting.deadline import Overdue, blocking_deadline


def wait_for_nobody() -> None:
    """Block as a driver does that has a selector of its own."""
    ours, theirs = socket.socketpair()
    with ours, theirs, selectors.DefaultSelector() as selector:
        selector.register(ours, selectors.EVENT_READ)
        selector.select(60)


BLOCKS = [lambda: time.sleep(60), wait_for_nobody]


@pytest.mark.parametrize("block", BLOCKS, ids=["sleep", "select"])
def test_what_blocks_is_interrupted(block: Callable[[], None]) -> None:
    began = time.monotonic()

    with pytest.raises(Overdue), blocking_deadline(0.05):
        block()

    assert time.monotonic() - began < 60


@pytest.mark.parametrize("block", BLOCKS, ids=["sleep", "select"])
async def test_what_blocks_the_loop_is_interrupted(block: Callable[[], None]) -> None:
    began = time.monotonic()
    await asyncio.sleep(0)

    with pytest.raises(Overdue), blocking_deadline(0.05):
        block()

    assert time.monotonic() - began < 60


async def test_a_loop_that_waits_is_left_to_its_own_deadlines() -> None:
    with blocking_deadline(0.05):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await asyncio.Event().wait()

        with pytest.raises(Overdue):  # it comes again, for what blocks then
            time.sleep(60)  # noqa: ASYNC251 - that is the point
