"""A fresh event loop for each schedule, and its end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from typing import Any, Final

from harness.errors import UsageError
from harness.scheduling.loop import GatedLoop

_ENDING: Final = 2.0
"""Seconds that what is left behind has to end, once it is cancelled."""


@contextlib.contextmanager
def gated_loop() -> Iterator[GatedLoop]:
    """Have a loop for one schedule; what is left on it afterwards is cancelled.

    Connections that are left open are cut, lest the next schedule meets them.

    Raises:
        UsageError: A loop runs already on this thread.
    """
    refuse_running_loop()
    loop = GatedLoop()
    asyncio.set_event_loop(loop)
    try:
        yield loop
    finally:
        try:
            clear(loop)
            _hang_up(loop)
            # Pools that keep a minimum begin to replace what was cut.
            clear(loop)
        finally:
            asyncio.set_event_loop(None)
            loop.close()


def refuse_running_loop() -> None:
    """Refuse to explore schedules from within an event loop, which has its own order.

    Raises:
        UsageError: A loop runs on this thread.
    """
    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        return
    refuse_foreign_loop(running)
    raise UsageError(
        "Schedules cannot be explored from a coroutine: each needs an event loop of "
        "its own, and one runs already.",
        hint="Call it from a plain function; in pytest, from a test that is no "
        "`async def`.",
    )


def refuse_foreign_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Refuse a loop whose order nobody but itself decides.

    Raises:
        UsageError: It is uvloop's, or another that is not a stock one.
    """
    if isinstance(loop, asyncio.SelectorEventLoop):
        return
    kind = f"{type(loop).__module__.partition('.')[0]}.{type(loop).__qualname__}"
    raise UsageError(
        f"The event loop {kind} cannot be put under a schedule: what it runs next is "
        "decided outside of Python.",
        hint="Leave uvloop out of what is explored (no `uvloop.run`, no "
        "`--loop uvloop`); the app itself needs no change.",
    )


def clear(loop: GatedLoop) -> None:
    """End what a schedule left behind on its loop, which does not run."""
    tasks = asyncio.all_tasks(loop)
    circle = []
    for task in tasks:
        try:
            task.cancel()
        except RecursionError:
            # It waits for itself, by way of others: none of them can be cancelled.
            circle.append(task)
    for task in circle:
        _abandon(task)
    rest = tasks.difference(circle)
    if rest:
        loop.run_until_complete(asyncio.wait(rest, timeout=_ENDING))
    for task in rest:
        if not task.done():
            _abandon(task)
    loop.run_until_complete(_within(loop.shutdown_asyncgens()))
    # Threads that hang must not hang whoever goes on.
    executor = loop._default_executor  # type: ignore[attr-defined] # noqa: SLF001
    if executor is not None:
        loop._default_executor = None  # type: ignore[attr-defined] # noqa: SLF001
        executor.shutdown(wait=False, cancel_futures=True)


def _hang_up(loop: GatedLoop) -> None:
    transports = loop.transports
    for transport in transports:
        transport.abort()
    if transports:
        # Their protocols are told in the next round.
        loop.run_until_complete(asyncio.sleep(0))


async def _within(work: Coroutine[Any, Any, None]) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_ENDING):
            await work


def _abandon(task: asyncio.Task[Any]) -> None:
    """Give up a task that cannot be cancelled, or that does not end then."""
    work = task.get_coro()
    # Its own clean-up may fail, or wait for something.
    with contextlib.suppress(Exception):
        if work is not None:
            work.close()
    task._log_destroy_pending = False  # type: ignore[attr-defined] # noqa: SLF001
