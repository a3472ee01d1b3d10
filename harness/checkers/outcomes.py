"""Outcomes: a request ends as it would alone, whatever happens to others.

Each request is compared with the schedule in which nobody interferes. What a schedule
does to a request itself excuses it, and so does a failure that concerns its tenant
while the request goes on, or right before, if the answer says when to ask again. So it
may while an operator does something to its tenant: what is reloaded lets nobody in.
Nothing else does: not a failure of another tenant's, nor another client that leaves,
nor a failure that is over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from harness.checkers.lives import life_of
from harness.checkers.processes import process_finding
from harness.checkers.schedules import (
    LIFESPAN,
    Fault,
    Request,
    Schedule,
    may_change,
)
from harness.model.boot import Phase, Reached
from harness.model.event import Exchange
from harness.model.finding import Evidence, Finding, merged
from harness.model.race import (
    ActorRole,
    Ending,
    FlowEnded,
    FlowEnding,
    Moved,
    Movement,
)
from harness.model.tenant import alias

_REFUSED: Final = 400
_FAILS: Final = 500
_UNAVAILABLE: Final = 503
_TOO_MANY: Final = 429
REST: Final = 30.0
"""Seconds for which a tenant that has failed may be refused, if it is said so."""


def outcomes(schedules: Sequence[Schedule]) -> list[Finding]:
    """Find requests that ended worse than they do alone, and no fault of theirs."""
    found: list[Finding] = []
    for schedule in schedules:
        found.extend(_in(schedule))
    return merged(found)


def _in(schedule: Schedule) -> Iterator[Finding]:
    if schedule.ended is None or schedule.ended.ending is not Ending.ENDED:
        return
    if _failed_to_stop(schedule):
        yield process_finding(
            LIFESPAN,
            "not stopped",
            f"The app's shutdown failed, though nothing was done to it "
            f"({schedule.name})",
            schedule.ended.failure,
        )
    if not _started(schedule):
        if _should_start(schedule):
            yield process_finding(
                LIFESPAN,
                "not started",
                f"The app's start-up failed, though nothing was done to it "
                f"({schedule.name})",
                schedule.ended.failure or "it starts if nobody interferes",
            )
        return
    for request in schedule.requests:
        if worse_than_alone(schedule, request):
            yield _finding(schedule, request)


def worse_than_alone(schedule: Schedule, request: Request) -> bool:
    """Whether a request ended worse than it does alone, and without an excuse."""
    if request.expected is None or request.expected >= _FAILS:
        return False
    life = life_of(schedule, request)
    if life is None or excused(schedule, request):
        return False
    answer = request.answer
    if answer is None or not answer.status:
        return True
    if answer.status == _UNAVAILABLE:
        refused_early = request.began <= life.ready
        return not (
            refused_early
            or given_up(schedule, request)
            or _rests(schedule, request, answer)
            or makes_way(schedule, request, answer)
        )
    if answer.status >= _FAILS:
        return True
    expected = request.expected < _REFUSED
    refused = answer.status >= _REFUSED and answer.status != _TOO_MANY
    return expected and refused and not schedule.touched(request)


def excused(schedule: Schedule, request: Request, *, until: int = -1) -> bool:
    """Whether what the schedule, or the server, did may change how a request ends.

    Args:
        schedule: Its schedule.
        request: The request.
        until: Position up to which the app was busy with it, if longer than it took.
    """
    if any(
        isinstance(one, FlowEnded)
        and one.ending is FlowEnding.REFUSED
        and one.exchange == request.exchange
        for _, one in schedule.events
    ):
        return True
    for fault in schedule.faults:
        if fault.actor == request.actor:
            return True
        if (
            (not fault.leaves or fault.actor == LIFESPAN)
            and fault.concerns(request.tenant)
            and request.began < fault.over
            and fault.began < max(request.ended, until)
        ):
            return True
    return False


def _rests(schedule: Schedule, request: Request, answer: Exchange) -> bool:
    """Whether a tenant is left alone for a moment after a failure, and told so."""
    return answer.retry_after > 0 and any(
        fault.over < request.ended
        and not fault.leaves
        and fault.concerns(request.tenant)
        and schedule.passed(fault.over, request.ended) < REST
        for fault in schedule.faults
    )


def makes_way(schedule: Schedule, request: Request, answer: Exchange) -> bool:
    """Whether it was told to come again while an operator acts on its tenant."""
    return answer.retry_after > 0 and any(
        one.role is ActorRole.OPERATOR
        and one is not request
        and one.tenant in {None, request.tenant}
        and may_change(one)
        and one.began < request.ended
        and request.began < one.ended
        for one in schedule.requests
    )


def given_up(schedule: Schedule, request: Request) -> bool:
    """Whether an operator has the tenant go: others of its requests are refused alone.

    What is evicted, reloaded or moved is served all the same.
    """
    goes = any(
        one.tenant == request.tenant
        and one.expected is not None
        and one.expected >= _REFUSED
        for one in schedule.requests
    )
    return goes and any(
        one.role is ActorRole.OPERATOR
        and one is not request
        and one.tenant in {None, request.tenant}
        and may_change(one)
        for one in schedule.requests
    )


def _started(schedule: Schedule) -> bool:
    """Whether the start-up came through."""
    return any(one.answer is not None for one in schedule.requests) or any(
        isinstance(one, Reached) and one.phase in {Phase.STARTED, Phase.READY}
        for _, one in schedule.events
    )


def _failed_to_stop(schedule: Schedule) -> bool:
    """Whether the shutdown failed after a start-up that came through."""
    failed = schedule.ended is not None and bool(schedule.ended.failure)
    return failed and _started(schedule) and not schedule.faults


def _should_start(schedule: Schedule) -> bool:
    """Whether it comes through if nobody interferes, and nobody did."""
    ended = any(
        isinstance(one, Moved)
        and one.actor == LIFESPAN
        and one.movement in {Movement.LEFT, Movement.CANCELLED}
        for _, one in schedule.events
    )
    serves = any(one.expected is not None for one in schedule.requests)
    return serves and not (ended or schedule.faults)


def _finding(schedule: Schedule, request: Request) -> Finding:
    shape, because = _cause(schedule, request)
    answer = request.answer
    if answer is None:
        result = "was never answered"
    elif not answer.status:
        result = "got no answer"
    else:
        result = f"was answered {answer.status}"
    whose = f"{alias(request.tenant)}'s " if request.tenant is not None else "A "
    return process_finding(
        request.operation,
        shape,
        f"{whose}{request.operation} {result}, though it is answered "
        f"{request.expected} if nobody interferes{because} ({schedule.name})",
        Evidence(
            request.exchange,
            f"{request.actor} {result}; it reached the app at event {request.began}"
            + ("" if answer is None or not answer.failure else f": {answer.failure}"),
        ),
        *(shown(fault) for fault in schedule.faults),
        owner=request.tenant,
    )


def _cause(schedule: Schedule, request: Request) -> tuple[str, str]:
    """Return the shape of a finding, and what most likely made the difference."""
    earlier = [one for one in schedule.faults if one.began < request.ended]
    own = [one for one in earlier if request.tenant in one.tenants]
    for fault in own:
        if not fault.leaves:
            return "failure remembered", (
                f"; what failed before ({fault.label} of {fault.actor}) was over"
            )
    for fault in own:
        if fault.leaves:
            return "fails with another", (
                f"; the client of {fault.actor}, not its own, had left"
            )
    for fault in earlier:
        return "another tenant's failure", (
            f"; only {fault.label} of {fault.actor} was interfered with"
        )
    answer, life = request.answer, life_of(schedule, request)
    ready = life is not None and request.began > life.ready
    if ready and answer is not None and answer.status == _UNAVAILABLE:
        return "refused after ready", "; the app had said that it was ready"
    return "other outcome", ""


def shown(fault: Fault) -> str:
    """Return what a schedule did to somebody, as evidence."""
    return f"event {fault.began}: {fault.actor}: {fault.label}: {fault.outcome}"
