"""The tap on bare yields: who is first after `sleep(0)` is up to the schedule.

Between two of them nothing outside is waited for, so in production others come between
only where they are ready just then. That is why this tap is one of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import platform
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final

from harness.errors import EnvironmentFailure
from harness.point import STEP, Work, running_gate

# What `asyncio.sleep` awaits when it is to last no time.
_YIELD: Final = "__sleep0"
_PASSED_OVER: Final = ("asyncio", "anyio", "_backends")


@contextlib.contextmanager
def steps_gated() -> Iterator[None]:
    """Have `asyncio.sleep(0)` await the gate of the event loop.

    `anyio.lowlevel.checkpoint` comes with it, and what else is built on that.

    Raises:
        EnvironmentFailure: This Python's `asyncio` lacks what the tap relies on.
    """
    names: Any = asyncio.tasks
    bare = getattr(names, _YIELD, None)
    if bare is None:
        raise EnvironmentFailure(
            f"Python {platform.python_version()} has no asyncio.tasks.{_YIELD}, by "
            "which steps of tasks are put in order.",
            hint="Leave out task_steps.",
        )
    setattr(names, _YIELD, _yielding(bare))
    try:
        yield
    finally:
        setattr(names, _YIELD, bare)


def _yielding(bare: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    @functools.wraps(bare)
    async def stepped() -> None:
        gate = running_gate()
        if gate is None:
            await bare()
        else:
            await gate.perform(Work(STEP, _where(), bare))

    return stepped


def _where() -> str:
    """Return which function yields."""
    frame: Any = sys._getframe(2)  # noqa: SLF001
    while frame is not None and Path(frame.f_code.co_filename).parent.name in (
        _PASSED_OVER
    ):
        frame = frame.f_back
    return "" if frame is None else str(frame.f_code.co_qualname)
