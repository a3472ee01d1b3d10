"""Who waits for what, when nothing can run any more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import harness
from harness.model.race import Waiting
from harness.scheduling.actors import ACTOR

_DEEPEST: Final = 12
_OURS: Final = str(Path(harness.__file__).parent)
_LIBRARY: Final = str(Path(asyncio.__file__).parent)


def who_waits(loop: asyncio.AbstractEventLoop) -> tuple[Waiting, ...]:
    """Return what each task that is not done waits for, by actor."""
    tasks = [task for task in asyncio.all_tasks(loop) if not task.done()]
    found = [one for task in tasks if (one := _waiting(task)) is not None]
    return tuple(sorted(found, key=lambda one: (one.actor, one.what, one.stack)))


def _waiting(task: asyncio.Task[Any]) -> Waiting | None:
    stack = tuple(_stack(task))
    waited = getattr(task, "_fut_waiter", None)
    if waited is None or not stack:
        return None
    actor = actor_of(task)
    return Waiting(actor, _name(task, waited), stack)


def actor_of(task: asyncio.Task[Any]) -> str:
    """Return in whose name a task of a gated loop runs."""
    context = getattr(task, "harness_context", None)
    return "scenario" if context is None else str(context.get(ACTOR, "scenario"))


def call_of(task: asyncio.Task[Any]) -> str:
    """Return which call a task waits in, as far as it is known."""
    waited = getattr(task, "_fut_waiter", None)
    return "something" if waited is None else _name(task, waited)


def _name(task: asyncio.Task[Any], waited: asyncio.Future[Any]) -> str:
    if isinstance(waited, asyncio.Task):
        work = waited.get_coro()
        return f"the task {getattr(work, '__qualname__', work)}"
    frames = list(_frames(task))
    # Not what stands between an app and its libraries.
    theirs = [one for one in frames if not one.f_code.co_filename.startswith(_OURS)]
    if frames:
        frame = (theirs or frames)[-1]
        owner = frame.f_locals.get("self")
        if owner is not None and frame.f_code.co_filename.startswith(_LIBRARY):
            return f"{type(owner).__name__}.{frame.f_code.co_name}"
        return f"{frame.f_code.co_qualname}"
    return "something in memory"


def _stack(task: asyncio.Task[Any]) -> Iterator[str]:
    for frame in reversed(list(_frames(task))):
        name = frame.f_code.co_filename
        if not name.startswith((_OURS, _LIBRARY)):
            yield f"{_short(name)}:{frame.f_lineno} in {frame.f_code.co_qualname}"


def _short(name: str) -> str:
    path = Path(name)
    if "site-packages" in path.parts:
        at = len(path.parts) - 1 - path.parts[::-1].index("site-packages")
        return "/".join(path.parts[at + 1 :])
    return "/".join(path.parts[-2:])


def _frames(task: asyncio.Task[Any]) -> Iterator[Any]:
    """Yield the frames of a suspended task, outermost first.

    `Task.get_stack` yields only the outermost for awaited coroutines.
    """
    work: Any = task.get_coro()
    for _ in range(200):
        if work is None:
            return
        frame = next(
            (
                found
                for name in ("cr_frame", "gi_frame", "ag_frame")
                if (found := getattr(work, name, None)) is not None
            ),
            None,
        )
        if frame is not None:
            yield frame
        work = next(
            (
                found
                for name in ("cr_await", "gi_yieldfrom", "ag_await")
                if (found := getattr(work, name, None)) is not None
            ),
            None,
        )
