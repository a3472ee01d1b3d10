"""Actors: in whose name code runs under a schedule."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

ACTOR: Final[ContextVar[str]] = ContextVar("harness_actor", default="scenario")
"""Name of the actor; each task that an actor's code starts inherits it."""


@dataclass(slots=True)
class Actor:
    """Somebody who acts, and who may go away amid it.

    Attributes:
        name: Unique in its run: ``lifespan``, ``request 1``.
        leave: Cancels what it does; None if it never goes away.
        task: That is cancelled by `leave`; None if it is not known. Amid an operation
            it can only be left if that ends with this task.
        disconnect: Only tells what it does that nobody waits any more; None if that
            is never said.
        leaves: Whether it may go away, once there is something to leave.
        about: What it does, for people: ``A: GET /documents``.
        left: Whether it has gone away.
        exchange: Id of the request that it makes; 0 if it makes none, or several.
    """

    name: str
    leave: Callable[[], None] | None = None
    task: asyncio.Task[Any] | None = None
    disconnect: Callable[[], None] | None = None
    leaves: bool = False
    about: str = ""
    left: bool = False
    exchange: int = 0
