"""Usage: a request uses its own tenant's resources only, ready ones, and open ones.

What a request uses while its tenant's initialiser runs is the initialiser's business,
if that does it. What was opened for one tenant and is used while another's initialiser
runs is shared on purpose, whoever came first.

That something closed is used again, or is closed amid its use, is let pass if the
request ends as it does alone: it noticed, and took another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from harness.checkers.outcomes import worse_than_alone
from harness.checkers.processes import process_finding, short
from harness.checkers.schedules import LIFESPAN, Request, Schedule
from harness.model.boot import Condition, Initialised, Stage, Used
from harness.model.finding import Evidence, Finding, Severity, merged
from harness.model.race import Ending
from harness.model.tenant import alias

_GONE: Final = {
    Condition.CLOSED: ("used after close", "after it had been closed"),
    Condition.TORN: ("closed in use", "while it was closed by somebody else"),
    Condition.ABANDONED: (
        "left behind",
        "though the call that made it had failed or was cancelled",
    ),
}


def usage(schedules: Sequence[Schedule], awaited: set[str]) -> list[Finding]:
    """Find uses of resources that are another's, not ready, or closed."""
    found: list[Finding] = []
    for schedule in schedules:
        found.extend(_in(schedule, awaited))
    return merged(found)


def _in(schedule: Schedule, awaited: set[str]) -> Iterator[Finding]:
    uses = [(at, one) for at, one in schedule.events if isinstance(one, Used)]
    shared = {
        one.resource
        for _, one in uses
        if one.tenant is None or (one.during is not None and one.during != one.tenant)
    }
    for at, use in uses:
        if use.during is not None or not _is_judged(use, shared):
            continue
        request = schedule.request_of(use.exchange)
        if request is None or at > request.ended:
            # What a request left running goes on for others, too.
            if request is not None or not use.exchange:
                yield from _outside(schedule, use)
        elif _crosses(schedule, use, request):
            yield _anothers(schedule, at, use, request)
        elif use.tenant in {None, request.tenant}:
            yield from _own(schedule, at, use, request, awaited)


def _is_judged(use: Used, shared: set[int]) -> bool:
    """Whether a pool or connection is one tenant's, or somebody's that is closed."""
    nobodys = not use.what and use.state is Condition.CLOSED
    return nobodys or (use.tenant is not None and use.resource not in shared)


def _crosses(schedule: Schedule, use: Used, request: Request) -> bool:
    """Whether a request uses what is another's, though each has its own."""
    tenant = request.tenant
    return (
        None not in {use.tenant, tenant}
        and tenant != use.tenant
        and tenant is not None
        and _has_its_own(schedule, use.what, tenant)
    )


def _own(
    schedule: Schedule, at: int, use: Used, request: Request, awaited: set[str]
) -> Iterator[Finding]:
    """Find what a request uses that is its own, and is not ready or gone."""
    used = f"{_whose(request.tenant)}{request.operation} used {_described(use)}"
    if use.state is Condition.OPENING and use.what in awaited:
        yield _finding(
            schedule,
            "used too early",
            f"{used} before the call was through that makes it ready",
            f"event {at}: {request.actor} used it before call {use.run} was ready",
            use,
        )
    elif use.state in _GONE and worse_than_alone(schedule, request):
        shape, how = _GONE[use.state]
        fact = f"event {at}: {request.actor} used it; {_ended(request)}"
        yield _finding(schedule, shape, f"{used} {how}", fact, use)


def _outside(schedule: Schedule, use: Used) -> Iterator[Finding]:
    """Find what work outside of requests uses when it is closed."""
    if use.state is not Condition.CLOSED or schedule.faults:
        return
    if schedule.ended is None or schedule.ended.ending is not Ending.ENDED:
        return
    yield _finding(
        schedule,
        "used after close",
        f"Work in the background used {_described(use)} after it had been closed",
        f"{LIFESPAN}: used at {use.at:.3f} s, outside of any request",
        use,
    )


def _whose(tenant: int | None) -> str:
    return f"{alias(tenant)}'s " if tenant is not None else ""


def _described(use: Used) -> str:
    if not use.what:
        return f"{_whose(use.tenant) or 'a '}{use.form}"
    return f"{_whose(use.tenant)}{use.form} of {short(use.what)}"


def _anothers(schedule: Schedule, at: int, use: Used, request: Request) -> Finding:
    whose = alias(use.tenant)
    made = f"{short(use.what)} had opened for {whose}" if use.what else f"names {whose}"
    return process_finding(
        use.what or use.form,
        "another tenant's",
        f"{alias(request.tenant)}'s {request.operation} used a {use.form} that {made} "
        f"({schedule.name})",
        Evidence(use.exchange, f"event {at}: {request.actor} used it ({use.state})"),
        owner=use.tenant,
        receiver=request.tenant,
        severity=Severity.CRITICAL,
    )


def _has_its_own(schedule: Schedule, what: str, tenant: int) -> bool:
    """Whether an initialiser made a resource for a tenant too: each has its own.

    Or, where none did, whether a connection names that tenant, too.
    """
    if not what:
        return any(
            isinstance(one, Used) and not one.what and one.tenant == tenant
            for _, one in schedule.events
        )
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
        use.what or use.form,
        shape,
        f"{summary} ({schedule.name})",
        Evidence(use.exchange, fact),
        owner=use.tenant,
    )
