"""Readiness: once it says yes, no tenant that it counts is refused as not ready.

What an answer counts is what the target reads from it: which tenants, or how many. Of a
number it is not known which are meant, but as many may be refused at most as were left
out. An answer that only says yes counts all tenants, but those whose resources failed.
Each request is held against the last answer before it of the same process, since that
was started.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from harness.checkers.lives import life_of
from harness.checkers.outcomes import given_up, makes_way
from harness.checkers.processes import process_finding
from harness.checkers.schedules import LIFESPAN, Request, Schedule
from harness.model.event import Exchange
from harness.model.finding import Evidence, Finding, merged
from harness.model.race import Counted
from harness.model.tenant import alias

NOT_READY: Final = frozenset({425, 503})
"""Statuses that ask to come again later: Too Early, Service Unavailable."""


@dataclass(frozen=True, slots=True)
class _Promise:
    """An answer that says yes.

    Attributes:
        request: That asked.
        answer: The answer.
        counted: What it says of tenants; None if nothing.
    """

    request: Request
    answer: Exchange
    counted: Counted | None

    def excludes(self, tenant: int) -> bool:
        """Whether it leaves out a tenant by name."""
        named = self.counted.named if self.counted is not None else ()
        return bool(named) and tenant not in named

    def __str__(self) -> str:
        one = self.counted
        which = "" if one is None else f", with {one.tenants} tenants"
        return f"{self.answer.operation} answered {self.answer.status}{which}"


def readiness(schedules: Sequence[Schedule]) -> list[Finding]:
    """Find tenants that are refused as not ready after they were counted as ready."""
    found: list[Finding] = []
    for schedule in schedules:
        if schedule.begun.ready:
            found.extend(_in(schedule))
    return merged(found)


def _in(schedule: Schedule) -> Iterator[Finding]:
    for promise, refused in _refused_after(schedule):
        most = _left_out(schedule, promise)
        tenants = dict.fromkeys(one.tenant for one in refused)
        for one in refused:
            # Of a number, those that came first may be the ones it leaves out.
            if list(tenants).index(one.tenant) >= most:
                yield _finding(schedule, promise, one)


def _refused_after(
    schedule: Schedule,
) -> Iterator[tuple[_Promise, Sequence[Request]]]:
    """Yield each answer that says yes with whom it was broken to."""
    known = range(schedule.tenants)
    told = {one.exchange: one for _, one in schedule.events if isinstance(one, Counted)}
    asked = [
        (one, one.process, life_of(schedule, one))
        for one in schedule.requests
        if _asks(schedule, one)
    ]
    by_promise: dict[str, tuple[_Promise, list[Request]]] = {}
    for request in schedule.requests:
        tenant = request.tenant
        life = life_of(schedule, request)
        if tenant is None or tenant not in known or life is None:
            continue
        if request.answer is None or request.answer.status not in NOT_READY:
            continue
        here = [one for one, *at in asked if at == [request.process, life]]
        promise = _last_before(request, here, told)
        if promise is None or promise.excludes(tenant):
            continue
        if not _excused(schedule, promise, request):
            name = promise.request.actor
            by_promise.setdefault(name, (promise, []))[1].append(request)
    yield from by_promise.values()


def _asks(schedule: Schedule, request: Request) -> bool:
    return request.operation == f"GET {schedule.begun.ready}"


def _last_before(
    request: Request, asked: Sequence[Request], told: Mapping[int, Counted]
) -> _Promise | None:
    """Return the last answer before a request, if it says yes.

    What is answered while the request goes on may take it back.
    """
    over = [one for one in asked if one.ended < request.ended and one.answer]
    if any(
        one.ended > request.began and one.answer and not one.answer.succeeded
        for one in over
    ):
        return None
    before = [one for one in over if one.ended < request.began]
    last = max(before, key=lambda one: one.ended, default=None)
    if last is None or last.answer is None or not last.answer.succeeded:
        return None
    return _Promise(last, last.answer, told.get(last.exchange))


def _excused(schedule: Schedule, promise: _Promise, request: Request) -> bool:
    """Whether something became of the tenant's resource after it was counted.

    Of what was counted by a bare yes, it may have failed before, too.
    """
    since = -1 if promise.counted is None else promise.request.began
    answer = request.answer
    if answer is not None and makes_way(schedule, request, answer):
        return True
    return given_up(schedule, request) or any(
        fault.actor == request.actor
        or (
            (not fault.leaves or fault.actor == LIFESPAN)
            and fault.concerns(request.tenant)
            and since < fault.began < request.ended
        )
        for fault in schedule.faults
    )


def _left_out(schedule: Schedule, promise: _Promise) -> int:
    """Return how many tenants an answer leaves out at least of those it may mean."""
    counted, known = promise.counted, range(schedule.tenants)
    if counted is None or counted.named:
        return 0
    new = {
        one.tenant
        for one in schedule.requests
        if one.tenant is not None
        and one.tenant not in known
        and one.came < promise.request.ended
    }
    return max(0, len(known) + len(new) - counted.tenants)


def _finding(schedule: Schedule, promise: _Promise, request: Request) -> Finding:
    answer = request.answer
    status = answer.status if answer is not None else 0
    return process_finding(
        request.operation,
        "refused after ready",
        f"{alias(request.tenant)}'s {request.operation} was answered {status}, though "
        f"the app had said that it was ready: {promise} ({schedule.name})",
        Evidence(
            request.exchange,
            f"{request.actor} reached the app at event {request.began} and was "
            f"answered {status}",
        ),
        Evidence(
            promise.request.exchange,
            f"{promise}, at event {promise.request.ended}",
        ),
        owner=request.tenant,
    )
