"""Lives: from each start of a process of the app to its next stop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.checkers.schedules import LIFESPAN, NEVER, STOPS, Request, Schedule
from harness.model.boot import Phase, Reached
from harness.model.event import Event, Exchange
from harness.model.race import Moved, lifespan_of

_Events = Sequence[tuple[int, Event]]


@dataclass(frozen=True, slots=True)
class Life:
    """A start of a process of the app, until it is stopped.

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
    for life in _lives(schedule, request.process):
        if request.began < life.down:
            return life if answered or request.began > life.started else None
    return None


def _lives(schedule: Schedule, process: int) -> Iterator[Life]:
    events = schedule.events
    starts = [at for at, one in events if _reaches(one, process, Phase.STARTED)]
    for started, following in pairwise([*(starts or [-1]), NEVER]):
        during = [(at, one) for at, one in events if started < at < following]
        ready = _ready(schedule, process, started, during)
        yield Life(started, ready, _down(process, during, told=bool(starts)))


def _ready(schedule: Schedule, process: int, started: int, during: _Events) -> int:
    """Return from where on a process says that it is ready.

    Where nobody ever asks any process, it is taken to be ready once it is started. What
    one process says is no promise of another's.
    """
    asks = f"GET {schedule.begun.ready}"
    asked = any(
        isinstance(one, Exchange) and one.operation == asks
        for _, one in schedule.events
    )
    if not asked and started >= 0:
        return started
    for at, event in during:
        if _reaches(event, process, Phase.READY):
            return at
        if isinstance(event, Exchange) and event.operation == asks and event.succeeded:
            request = schedule.request_of(event.id)
            if process == (request.process if request is not None else 1):
                return at
    return NEVER


def _down(process: int, during: _Events, *, told: bool) -> int:
    """Return from where on it shuts down.

    Args:
        process: Which process.
        during: What happened until it was started again.
        told: Whether its starts are told of; else what moves may be one.
    """
    for at, event in during:
        if _reaches(event, process, Phase.STOPPED) or (
            told
            and isinstance(event, Moved)
            and event.actor == lifespan_of(process)
            and event.operation in {LIFESPAN, STOPS}
        ):
            return at
    return NEVER


def _reaches(event: Event, process: int, phase: Phase) -> bool:
    return (
        isinstance(event, Reached)
        and event.phase is phase
        and event.worker in {0, process}
    )
