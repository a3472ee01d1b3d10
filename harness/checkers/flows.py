"""Flows: a stream or socket that is open when the app stops ends with it.

A server tells sockets that it stops, gives all that go on some time, and then cancels
what serves them. Whatever goes on after that keeps the process, or what it holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.checkers.processes import process_finding
from harness.checkers.schedules import Schedule
from harness.model.finding import Evidence, Finding, merged
from harness.model.race import FlowEnded, FlowEnding
from harness.model.tenant import alias


def flows(schedules: Sequence[Schedule]) -> list[Finding]:
    """Find streams and sockets that outlive the shutdown."""
    return merged([one for each in schedules for one in _in(each)])


def _in(schedule: Schedule) -> Iterator[Finding]:
    for at, event in schedule.events:
        if not isinstance(event, FlowEnded) or event.ending is not FlowEnding.OUTLIVED:
            continue
        request = schedule.request_of(event.exchange)
        if request is None:
            continue
        whose = f"{alias(request.tenant)}'s " if request.tenant is not None else ""
        yield process_finding(
            request.operation,
            "outlives the shutdown",
            f"What serves {whose}{request.operation} went on after the shutdown, "
            f"though it was cancelled ({schedule.name})",
            Evidence(
                event.exchange,
                f"{request.actor} was open when the app was stopped, and what serves "
                f"it was still there at event {at}",
            ),
            owner=request.tenant,
        )
