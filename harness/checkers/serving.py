"""Serving: no request that needs a tenant's resource succeeds before there was one.

Which operations need it is seen from those that had it made: an initialiser that
requests wait for was called in one, or, where resources are made on demand, while no
other operation of the tenant's was being served. What was ready once is not judged
here: an answer may have been kept from then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.checkers.processes import process_finding, short
from harness.checkers.schedules import NEVER, Request, Schedule
from harness.model.boot import Initialised, Stage
from harness.model.finding import Evidence, Finding, merged
from harness.model.tenant import alias


def serving(schedules: Sequence[Schedule], awaited: set[str]) -> list[Finding]:
    """Find requests that were served without what they need."""
    found: list[Finding] = []
    for schedule in schedules:
        found.extend(_in(schedule, awaited))
    return merged(found)


def _in(schedule: Schedule, awaited: set[str]) -> Iterator[Finding]:
    ready: dict[tuple[str, int], int] = {}
    for at, one in schedule.events:
        if isinstance(one, Initialised) and one.tenant is not None:
            place = (one.what, one.tenant)
            ready.setdefault(place, NEVER)
            if one.stage is Stage.READY:
                ready[place] = min(at, ready[place])
    for (what, tenant), at in ready.items():
        needing = _needing(schedule, what, tenant) if what in awaited else set()
        for request in schedule.requests:
            answer = request.answer
            served = answer is not None and answer.succeeded and request.ended < at
            if served and request.tenant == tenant and request.operation in needing:
                yield _finding(schedule, what, tenant, request)


def _needing(schedule: Schedule, what: str, tenant: int) -> set[str]:
    """Return the operations of a tenant's in which its resource was made."""
    begun = [
        (at, one)
        for at, one in schedule.events
        if isinstance(one, Initialised)
        and (one.what, one.stage) == (what, Stage.BEGUN)
        and one.tenant is not None
    ]
    own = [one for one in schedule.requests if one.tenant == tenant]
    needing = {
        request.operation
        for request in own
        if any(one.exchange == request.exchange for _, one in begun)
    }
    if _on_demand(schedule, begun):
        for at, one in begun:
            asking = {r.operation for r in own if r.began < at < r.ended}
            if one.tenant == tenant and not one.exchange and len(asking) == 1:
                needing |= asking
    return needing


def _on_demand(schedule: Schedule, begun: Sequence[tuple[int, Initialised]]) -> bool:
    """Whether each tenant had asked before its resource was begun to be made.

    Apps may make it in a task of its own, which belongs to no request.
    """
    return all(
        any(one.tenant == call.tenant and one.began < at for one in schedule.requests)
        for at, call in begun
    )


def _finding(schedule: Schedule, what: str, tenant: int, request: Request) -> Finding:
    return process_finding(
        what,
        "too early",
        f"{alias(tenant)}'s {request.operation} was served though {short(what)} had "
        f"made nothing ready for it ({schedule.name})",
        Evidence(
            request.exchange,
            f"{request.actor} reached the app at event {request.began} and succeeded "
            f"at event {request.ended}",
        ),
        owner=tenant,
    )
