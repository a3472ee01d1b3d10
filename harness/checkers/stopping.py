"""Stopping: nothing can go on any more, or one tenant waits for another's trouble.

An operation of one tenant's initialisation that hangs is let go only when nothing else
can go on. So whoever of another tenant had reached the app before, and is through only
after that, had been waiting for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.checkers.processes import process_finding
from harness.checkers.schedules import (
    HANG,
    NEVER,
    Fault,
    Request,
    Schedule,
)
from harness.model.event import Channel
from harness.model.finding import Evidence, Finding, merged
from harness.model.race import Ending, Moved, Movement, ScheduleEnded, Waiting
from harness.model.tenant import alias


def stopping(schedules: Sequence[Schedule]) -> list[Finding]:
    """Find schedules in which all stood still, and tenants that waited for others."""
    found: list[Finding] = []
    for schedule in schedules:
        ended = schedule.ended
        if ended is not None and ended.ending in {Ending.DEADLOCK, Ending.ENDLESS}:
            found.append(_still(schedule, ended))
        else:
            found.extend(_held_up(schedule))
    return merged(found)


def _still(schedule: Schedule, ended: ScheduleEnded) -> Finding:
    by_actor = {one.actor: one for one in schedule.requests}
    # What goes on in the background always waits for something.
    waiting = sorted(ended.waiting, key=lambda one: one.actor not in by_actor)
    asking = [by_actor[one.actor] for one in waiting if one.actor in by_actor]
    if asking:
        first = asking[0]
        operation, owner = first.operation, first.tenant
    else:
        operation = waiting[0].actor if waiting else "app"
        owner = None
    who = "; ".join(_waits(one) for one in waiting) or "nobody is seen to wait"
    if ended.ending is Ending.DEADLOCK:
        shape, what = "deadlock", "Nothing can go on any more"
    else:
        shape, what = "endless", "It goes on for ever"
    return process_finding(
        operation,
        shape,
        f"{what}: {who} ({schedule.name})",
        *(
            Evidence(
                by_actor[one.actor].exchange if one.actor in by_actor else 0,
                f"{_waits(one)}{' at ' + one.stack[0] if one.stack else ''}",
            )
            for one in waiting
        ),
        owner=owner,
    )


def _waits(one: Waiting) -> str:
    return f"{one.actor} waits for {one.what or 'something unknown'}"


def _held_up(schedule: Schedule) -> Iterator[Finding]:
    for fault in schedule.faults:
        # Whom it concerns must be certain, and it must have been let go.
        certain = fault.outcome == HANG and len(fault.tenants) == 1
        if not certain or not fault.initialises or fault.released == NEVER:
            continue
        for request in schedule.requests:
            if _waited(schedule, request, fault):
                yield _finding(schedule, request, fault)


def _waited(schedule: Schedule, request: Request, fault: Fault) -> bool:
    """Whether a request of another tenant's ended only once a hung one was let go."""
    answer = request.answer
    stays = answer is not None and (
        answer.endless or answer.through in {Channel.STREAM, Channel.SOCKET}
    )
    return (
        not stays
        and request.tenant is not None
        and not fault.concerns(request.tenant)
        and request.expected is not None
        and request.began < fault.released < request.ended < NEVER
        and not any(other.actor == request.actor for other in schedule.faults)
        and not (fault.given_up and _had_slept(schedule, request, fault))
    )


def _had_slept(schedule: Schedule, request: Request, fault: Fault) -> bool:
    """Whether time passed between the end of what hung and what a request did next.

    What ends by a time-out need not be what others wait for: they may sleep.
    """
    for at, event in schedule.events:
        if at <= fault.released or not isinstance(event, Moved):
            continue
        if event.movement is Movement.CLOCK:
            return True
        if event.actor == request.actor:
            return False
    return False


def _finding(schedule: Schedule, request: Request, fault: Fault) -> Finding:
    (other,) = fault.tenants
    return process_finding(
        request.operation,
        "held up by another",
        f"{alias(request.tenant)}'s {request.operation} waited for as long as the "
        f"initialisation of {alias(other)} hung ({schedule.name})",
        Evidence(
            request.exchange,
            f"{request.actor} reached the app at event {request.began} and ended at "
            f"event {request.ended}",
        ),
        f"{fault.actor}: {fault.label} hung from event {fault.began}, and was let go "
        f"at event {fault.released}, when nothing else could go on",
        owner=request.tenant,
    )
