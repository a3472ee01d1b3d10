"""Afterwards: once a request is answered, the app does not fail in its name.

An answer may be whole before the app is through: middleware puts things back,
connections are returned, background tasks run. What is raised then no client hears of,
and a server logs it at most. Here it is held against the schedule in which nobody
interferes.

Of an answer of 400 and above the status is judged, as an outcome: frameworks answer
what was raised, and raise it once more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from harness.checkers.lives import life_of
from harness.checkers.outcomes import excused, given_up, shown
from harness.checkers.processes import process_finding
from harness.checkers.schedules import Request, Schedule
from harness.model.finding import Evidence, Finding, merged
from harness.model.race import Ending, Expected, RaisedLate
from harness.model.tenant import alias

_REFUSED: Final = 400


def afterwards(schedules: Sequence[Schedule]) -> list[Finding]:
    """Find requests after whose answer the app raised, as it does not alone."""
    found: list[Finding] = []
    for schedule in schedules:
        if schedule.ended is not None and schedule.ended.ending is Ending.ENDED:
            found.extend(_in(schedule))
    return merged(found)


def _in(schedule: Schedule) -> Iterator[Finding]:
    alone = {
        one.actor
        for _, one in schedule.events
        if isinstance(one, Expected) and one.raises
    }
    for at, one in schedule.lived:
        if not isinstance(one, RaisedLate):
            continue
        request = schedule.request_of(one.exchange)
        if request is None or request.expected is None or request.actor in alone:
            continue
        if _is_judged(schedule, request, at):
            yield _finding(schedule, request, at, one.error)


def _is_judged(schedule: Schedule, request: Request, at: int) -> bool:
    """Whether an answer was a success, and nothing excuses what came after it."""
    answer = request.answer
    return (
        answer is not None
        and 0 < answer.status < _REFUSED
        and life_of(schedule, request) is not None
        and not excused(schedule, request, until=at)
        and not given_up(schedule, request)
    )


def _finding(schedule: Schedule, request: Request, at: int, error: str) -> Finding:
    answer = request.answer
    status = answer.status if answer is not None else 0
    whose = f"{alias(request.tenant)}'s " if request.tenant is not None else "A "
    return process_finding(
        request.operation,
        "raised after its answer",
        f"{whose}{request.operation} was answered {status}, and then the app raised "
        f"{error}, which it does not if nobody interferes ({schedule.name})",
        Evidence(
            request.exchange,
            f"{request.actor} reached the app at event {request.began}; at event {at} "
            f"the app raised {error}",
        ),
        *(shown(fault) for fault in schedule.faults),
        owner=request.tenant,
    )
