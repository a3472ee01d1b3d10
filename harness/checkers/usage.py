"""Usage: a request uses its own tenant's resources only, ready ones, and open ones.

What a request uses while its tenant's initialiser runs is the initialiser's business,
if that does it. What was opened for one tenant and is used while another's initialiser
runs is shared on purpose, whoever came first.

That something closed is used again, or is closed amid its use, is let pass if the
request ends as it does alone: it noticed, and took another.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from harness.checkers.outcomes import ready_from, worse_than_alone
from harness.checkers.processes import process_finding, short
from harness.checkers.schedules import LIFESPAN, Request, Schedule, schedules_of
from harness.model.boot import Condition, Initialised, Stage, Used, Watching
from harness.model.finding import Evidence, Finding, Severity, merged
from harness.model.race import Ending
from harness.model.tenant import alias

if TYPE_CHECKING:
    from harness.model.history import History

_GONE: Final = {
    Condition.CLOSED: ("used after close", "after it had been closed"),
    Condition.TORN: ("closed in use", "while it was closed by somebody else"),
    Condition.ABANDONED: (
        "left behind",
        "though the call that made it had failed or was cancelled",
    ),
}


def usage(history: History) -> list[Finding]:
    """Find uses of resources that are another's, not ready, or closed."""
    found: list[Finding] = []
    awaited = {one.what for one in history.of(Watching) if one.awaited}
    for schedule in schedules_of(history):
        found.extend(_in(schedule, awaited))
    return merged(found)


def _in(schedule: Schedule, awaited: set[str]) -> Iterator[Finding]:
    uses = [(at, one) for at, one in schedule.events if isinstance(one, Used)]
    shared = {
        one.resource
        for _, one in uses
        if one.tenant is None or (one.during is not None and one.during != one.tenant)
    }
    ready = ready_from(schedule)
    for at, use in uses:
        if use.resource in shared or use.tenant is None or use.during is not None:
            continue
        request = schedule.request_of(use.exchange)
        if request is None:
            yield from _outside(schedule, use)
        elif at > request.ended:
            # What it left running goes on for others, too.
            continue
        elif request.tenant is not None and request.tenant != use.tenant:
            if _has_its_own(schedule, use.what, request.tenant):
                yield _anothers(schedule, at, use, request)
        elif use.state is Condition.OPENING and use.what in awaited:
            yield _finding(
                schedule,
                "used too early",
                f"{alias(use.tenant)}'s {request.operation} used a {use.form} that "
                f"{short(use.what)} was not through with yet",
                f"event {at}: {request.actor} used it before call {use.run} was ready",
                use,
            )
        elif use.state in _GONE and worse_than_alone(schedule, request, ready=ready):
            shape, how = _GONE[use.state]
            yield _finding(
                schedule,
                shape,
                f"{alias(use.tenant)}'s {request.operation} used a {use.form} of "
                f"{short(use.what)} {how}",
                f"event {at}: {request.actor} used it; {_ended(request)}",
                use,
            )


def _outside(schedule: Schedule, use: Used) -> Iterator[Finding]:
    """Find what work outside of requests uses when it is closed."""
    if use.exchange or use.state is not Condition.CLOSED or schedule.faults:
        return
    if schedule.ended is None or schedule.ended.ending is not Ending.ENDED:
        return
    yield _finding(
        schedule,
        "used after close",
        f"Work in the background used {alias(use.tenant)}'s {use.form} of "
        f"{short(use.what)} after it had been closed",
        f"{LIFESPAN}: used at {use.at:.3f} s, outside of any request",
        use,
    )


def _anothers(schedule: Schedule, at: int, use: Used, request: Request) -> Finding:
    return process_finding(
        use.what,
        "another tenant's",
        f"{alias(request.tenant)}'s {request.operation} used a {use.form} that "
        f"{short(use.what)} had opened for {alias(use.tenant)} ({schedule.name})",
        Evidence(use.exchange, f"event {at}: {request.actor} used it ({use.state})"),
        owner=use.tenant,
        receiver=request.tenant,
        severity=Severity.CRITICAL,
    )


def _has_its_own(schedule: Schedule, what: str, tenant: int) -> bool:
    """Whether an initialiser made a resource for a tenant too: each has its own."""
    return any(
        isinstance(one, Initialised)
        and (one.what, one.tenant, one.stage) == (what, tenant, Stage.READY)
        for _, one in schedule.events
    )


def _ended(request: Request) -> str:
    if request.answer is None:
        return "it was never answered"
    return f"it ended with {request.answer.status or 'no answer'}"


def _finding(
    schedule: Schedule, shape: str, summary: str, fact: str, use: Used
) -> Finding:
    return process_finding(
        use.what,
        shape,
        f"{summary} ({schedule.name})",
        Evidence(use.exchange, fact),
        owner=use.tenant,
    )
