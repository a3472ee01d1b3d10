"""Who is cancelled with whom: whether an operation ends when its actor leaves."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Iterator
from enum import IntEnum
from typing import Any, Final, TypeAlias

_ANYIO: Final = "anyio._backends._asyncio"
_GATHERS: Final = "gather.<locals>._done_callback"
# By which `wait_for` hears of its task before Python 3.12.
_RELEASES: Final = "_release_waiter"

Awaited: TypeAlias = "asyncio.Future[Any]"


class Reach(IntEnum):
    """How soon what a task waits for is cancelled with an actor."""

    NEVER = 0
    """It goes on: something shields it, or others share it."""
    LATER = 1
    """Once the actor's task has run: a group cancels its tasks when it is left."""
    AT_ONCE = 2
    """In the same moment: the actor's task awaits it."""


def reach_of(task: asyncio.Task[Any], actor: asyncio.Task[Any] | None) -> Reach:
    """Return whether a task is cancelled when an actor's is, and how soon.

    It is looked for from the task outwards, over who awaits whom, gathered tasks,
    `wait_for` and task groups, asyncio's and anyio's. A shield ends that, and so does a
    future that nobody's cancellation passes through.

    Args:
        task: That waits for an operation.
        actor: Task that is cancelled when the actor leaves; None if not known.
    """
    if actor is None:
        return Reach.NEVER
    reached: dict[Awaited, Reach] = {task: Reach.AT_ONCE}
    at = [task]
    while at:
        inner: Awaited = at.pop()
        for outer, how in _cancelled_by(inner):
            reach = min(reached[inner], how)
            if reach > reached.get(outer, Reach.NEVER):
                reached[outer] = reach
                at.append(outer)  # type: ignore[arg-type]
    return reached.get(actor, Reach.NEVER)


def _cancelled_by(inner: Awaited) -> Iterator[tuple[Awaited, Reach]]:
    """Yield those whose cancellation cancels something."""
    for callback, _ in inner._callbacks or ():  # noqa: SLF001
        owner = getattr(callback, "__self__", None)
        if isinstance(owner, asyncio.Task):
            yield owner, Reach.AT_ONCE
        elif isinstance(owner, asyncio.TaskGroup):
            parent = owner._parent_task  # type: ignore[attr-defined] # noqa: SLF001
            if parent is not None:
                yield parent, Reach.LATER
        elif isinstance(callback, functools.partial):
            if getattr(callback.func, "__name__", "") == _RELEASES:
                yield callback.args[0], Reach.LATER
        elif getattr(callback, "__qualname__", "") == _GATHERS:
            gathering = _variable(callback, "outer")
            if isinstance(gathering, asyncio.Future):
                yield gathering, Reach.AT_ONCE
    host = _host(inner)
    if host is not None:
        yield host, Reach.LATER


def _variable(function: Any, name: str) -> object:
    """Return a variable that a function has of the one around it; None without."""
    names = function.__code__.co_freevars
    if name not in names:
        return None
    cell = function.__closure__[names.index(name)]
    found: object = cell.cell_contents
    return found


def _host(task: Awaited) -> asyncio.Task[Any] | None:
    """Return the task whose anyio group a task is in, unless a shield is between."""
    module: Any = sys.modules.get(_ANYIO)
    state = module and module._task_states.get(task)  # noqa: SLF001
    scope: Any = state.cancel_scope if state else None
    while scope is not None:
        host: asyncio.Task[Any] | None = scope._host_task  # noqa: SLF001
        if host is not task:
            return host
        if scope.shield:
            return None
        scope = scope._parent_scope  # noqa: SLF001
    return None
