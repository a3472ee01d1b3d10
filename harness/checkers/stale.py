"""Staleness: a tenant never sees an older generation after it saw a newer one.

What a request saw is compared with what others of the same tenant saw that had ended
before it reached the app. (Monotonic reads, with the tenant as the session; Terry et
al., Session guarantees for weakly consistent replicated data, 1994.) Where the app
promises to be fresh, also with what had been acknowledged as written by then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.checkers.processes import process_finding
from harness.checkers.schedules import Request, Schedule
from harness.model.finding import Evidence, Finding, merged
from harness.model.race import Saw, Wrote
from harness.model.tenant import alias


@dataclass(frozen=True, slots=True)
class _Known:
    """A generation that somebody knew of once their request had ended."""

    request: Request
    generation: int
    wrote: bool

    def __str__(self) -> str:
        how = "had written" if self.wrote else "had seen"
        return f"{self.request.actor} {how} generation {self.generation}"


def stale(schedules: Sequence[Schedule]) -> list[Finding]:
    """Find what was older than what its tenant had seen, or was promised, before."""
    return merged([one for each in schedules for one in _in(each)])


def _in(schedule: Schedule) -> Iterator[Finding]:
    known: dict[tuple[int, str], list[_Known]] = defaultdict(list)
    reads: list[tuple[Request, Saw]] = []
    for _, event in schedule.events:
        if isinstance(event, Saw | Wrote):
            request = schedule.request_of(event.exchange) or schedule.actor_of(
                event.actor
            )
            if request is None:
                continue
            wrote = isinstance(event, Wrote)
            fact = _Known(request, event.generation, wrote)
            known[event.tenant, event.subject].append(fact)
            if isinstance(event, Saw):
                reads.append((request, event))
    for request, saw in reads:
        before = [
            one
            for one in known[saw.tenant, saw.subject]
            if one.request.ended < request.began
            and one.generation > saw.generation
            and (saw.fresh or not one.wrote)
        ]
        if before:
            newest = max(before, key=lambda one: one.generation)
            yield _finding(schedule, request, saw, newest)


def _finding(schedule: Schedule, request: Request, saw: Saw, newest: _Known) -> Finding:
    shape = "older than written" if newest.wrote else "older generation"
    return process_finding(
        request.operation,
        shape,
        f"{alias(saw.tenant)} saw generation {saw.generation} of {saw.subject} in "
        f"{request.operation}, after {newest} ({schedule.name})",
        Evidence(
            request.exchange,
            f"{request.actor} reached the app at event {request.began} and saw "
            f"generation {saw.generation}",
        ),
        Evidence(
            newest.request.exchange,
            f"{newest}, and ended at event {newest.request.ended}",
        ),
        owner=saw.tenant,
    )
