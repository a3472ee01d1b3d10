"""An event loop beside those of schedules, for what is no part of a schedule."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from harness.run.bytecode import kept_bytecode
from harness.scheduling.clock import RealTimeLoop, virtual_monotonic
from harness.scheduling.fresh import refuse_running_loop

if TYPE_CHECKING:
    from harness.scheduling.clock import VirtualClock

_T = TypeVar("_T")


class Outer(Protocol):
    """Runs what is not part of a schedule, and waits for it."""

    def __call__(self, work: Awaitable[_T], /) -> _T: ...


@contextlib.contextmanager
def outer_loop() -> Iterator[Outer]:
    """Have a loop that runs only while something is awaited on it."""
    with asyncio.Runner(loop_factory=RealTimeLoop) as runner:

        def outer(work: Awaitable[_T], /) -> _T:
            return runner.run(_awaited(work))

        yield outer


@contextlib.contextmanager
def held(outer: Outer, resource: AbstractAsyncContextManager[_T]) -> Iterator[_T]:
    """Have a resource for a block that is no coroutine.

    Args:
        outer: Enters and leaves it.
        resource: What to have.
    """
    stack = AsyncExitStack()
    try:
        yield outer(stack.enter_async_context(resource))
    finally:
        outer(stack.aclose())


@dataclass(frozen=True, slots=True)
class Around:
    """What is around runs that explore schedules, whatever their target.

    Attributes:
        outer: Runs what is no part of a schedule.
        clock: What `time.monotonic` is to an app under a schedule.
    """

    outer: Outer
    clock: VirtualClock


@contextlib.contextmanager
def surrounded() -> Iterator[Around]:
    """Have what is around runs, from before the app is imported.

    Raises:
        UsageError: An event loop runs here already.
    """
    refuse_running_loop()
    with kept_bytecode(), virtual_monotonic() as clock, outer_loop() as outer:
        yield Around(outer, clock)


async def _awaited(work: Awaitable[_T]) -> _T:
    return await work
