"""Lives: from each start of an app to its next stop; it may be started again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from harness.checkers.schedules import LIFESPAN, NEVER, STOPS, Request, Schedule
from harness.model.boot import Phase, Reached
from harness.model.event import Exchange
from harness.model.race import Moved


@dataclass(frozen=True, slots=True)
class Life:
    """A start of the app, until it is stopped.

    Attributes:
        started: Position at which it was started; -1 if that is not told.
        ready: Position from which it says that it is ready; `NEVER` if it does not.
        down: Position from which it shuts down, and takes no requests.
    """

    started: int
    ready: int
    down: int


def life_of(schedule: Schedule, request: Request) -> Life | None:
    """Return the life that a request falls into.

    None if it came when nobody listened: amid a start, or from a stop on until the next
    start. What was answered all the same amid a start belongs to that.
    """
    answered = request.answer is not None and request.answer.status > 0
    for life in _lives(schedule):
        if request.began < life.down:
            return life if answered or request.began > life.started else None
    return None


def _lives(schedule: Schedule) -> Iterator[Life]:
    starts = [
        at
        for at, event in schedule.events
        if isinstance(event, Reached) and event.phase is Phase.STARTED
    ]
    for started, following in pairwise([*(starts or [-1]), NEVER]):
        yield Life(
            started,
            _ready(schedule, started, following),
            _down(schedule, started, following),
        )


def _ready(schedule: Schedule, started: int, following: int) -> int:
    """Return from where on an app says that it is ready, that is started anew later.

    Where nobody ever asks, it is taken to be ready once it is started.
    """
    asks = f"GET {schedule.begun.ready}"
    asked = any(
        isinstance(one, Exchange) and one.operation == asks
        for _, one in schedule.events
    )
    if not asked and started >= 0:
        return started
    for at, event in schedule.events:
        if not started < at < following:
            continue
        if isinstance(event, Reached) and event.phase is Phase.READY:
            return at
        if isinstance(event, Exchange) and event.operation == asks and event.succeeded:
            return at
    return NEVER


def _down(schedule: Schedule, started: int, following: int) -> int:
    """Return from where on it shuts down; a start that is not told has no stop."""
    for at, event in schedule.events:
        if not started < at < following:
            continue
        if isinstance(event, Reached) and event.phase is Phase.STOPPED:
            return at
        if (
            isinstance(event, Moved)
            and event.actor == LIFESPAN
            and event.operation in {LIFESPAN, STOPS}
            and started >= 0
        ):
            return at
    return NEVER
