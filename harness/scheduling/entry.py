"""An operation on its way: parked, in flight, landed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from harness.point import Work
from harness.scheduling.choice import Operation


class State(Enum):
    """How far an operation has come."""

    PARKED = auto()
    """It waits for its turn; nothing was sent."""
    FLYING = auto()
    """It was sent, and what it waits for has not come."""
    LANDED = auto()
    """Its answer is there, and is kept until it is its turn."""
    DRAINING = auto()
    """Nobody waits for it any more, but the server is still at it."""
    OVER = auto()


@dataclass(slots=True, eq=False)
class Entry:
    """One operation, from when it is parked until its answer is delivered.

    Attributes:
        work: What to do.
        actor: In whose name; what is made ready for a tenant acts for itself.
        person: The actor without regard to what is made ready.
        sequence: Operations of this actor that were parked before.
        task: Which waits for it.
        turn: Done with the outcome that was chosen.
        key: What the initialiser that runs was told of its tenant; "" outside of any.
        exchange: Id of the request that it belongs to; 0 outside of any.
        came: Position in the order in which operations were parked.
        state: How far it has come.
        outcome: What was chosen for it; "" if it goes ahead as it is.
        waits: Whether it waits for another one: for a lock in the database, or for
            something in memory.
        called_off: Whether the server was asked to give it up, so that it soon answers.
        lent: How many coroutines run for it, if it is a thread, which waits for them.
        landing: Done when its answer may be delivered.
        since: Real seconds (`time.monotonic`) at which it was sent.
    """

    work: Work[Any]
    actor: str
    sequence: int
    task: asyncio.Task[Any]
    turn: asyncio.Future[str]
    came: int
    key: str = ""
    person: str = ""
    exchange: int = 0
    state: State = State.PARKED
    outcome: str = ""
    waits: bool = False
    called_off: bool = False
    lent: int = 0
    landing: asyncio.Future[None] | None = None
    since: float = 0.0
    held: bool = False

    @property
    def order(self) -> tuple[str, int, int]:
        """By what operations are ordered that nobody else orders."""
        return self.actor, self.sequence, self.came

    @property
    def backend(self) -> int:
        """Process id of the server's end; 0 if there is none."""
        return self.work.wire.backend if self.work.wire is not None else 0

    def option(self, outcome: str = "") -> Operation:
        """Return it as an option of a choice."""
        work = self.work
        return Operation(self.actor, self.sequence, work.kind, work.label, outcome)
