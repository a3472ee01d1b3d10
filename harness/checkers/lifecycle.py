"""The lifecycle oracle: what a start opens is opened once, in time, and closed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from harness.checkers.afterwards import afterwards
from harness.checkers.exclusive import meetings
from harness.checkers.flows import flows
from harness.checkers.generations import Key, calls_of, made_again
from harness.checkers.outcomes import outcomes
from harness.checkers.processes import Start, process_finding, short, starts_of
from harness.checkers.provider_calls import called_too_often
from harness.checkers.readiness import readiness
from harness.checkers.replacing import replaced
from harness.checkers.resting import resting
from harness.checkers.schedules import LIFESPAN, NEVER, Schedule, schedules_of
from harness.checkers.serving import serving
from harness.checkers.stale import stale
from harness.checkers.stopping import stopping
from harness.checkers.usage import usage
from harness.model.boot import (
    Arrival,
    Connected,
    Crowd,
    Initialised,
    LeftOpen,
    Phase,
    Reached,
    Stage,
    Watching,
)
from harness.model.finding import Finding, merged
from harness.model.holdings import follow
from harness.model.race import Ending, ScheduleEnded
from harness.model.tenant import alias

if TYPE_CHECKING:
    from harness.model.history import History

_CLOCKS: Final = 0.001
"""Seconds by which the clocks of two processes may differ."""


def lifecycle(history: History) -> list[Finding]:
    """Find what was initialised twice, used too early, left open, or never served.

    A tenant's resource may be initialised once in each process and start, and again
    after it was closed, or after an attempt that failed or was cancelled. Where nobody
    can tell whether it was closed, nothing is found.
    """
    boots = starts_of(history)
    calls = calls_of(history)
    played = tuple(schedules_of(history))
    schedules = {one.number: one for one in played}
    watched = tuple(history.of(Watching))
    awaited = {one.what for one in watched if one.awaited}
    again = {one.what for one in watched if one.again}
    exclusive = {one.what for one in watched if one.exclusive}
    torn = {number for number, one in schedules.items() if _torn_down(one)}
    found = [
        *_twice(history, boots, schedules, again),
        *meetings(calls, boots, exclusive),
        *_too_early(history, calls, boots),
        *_never_closed(history, calls, boots, torn),
        *_connections_left(history, boots, torn),
        *_too_many(history, boots),
        *_not_served(history, boots),
        *called_too_often(history, boots),
        *outcomes(played),
        *afterwards(played),
        *serving(played, awaited),
        *usage(played, awaited),
        *stopping(played),
        *resting(played, again),
        *stale(played),
        *readiness(played),
        *flows(played),
    ]
    return merged(found)


def _twice(
    history: History,
    boots: Mapping[int, Start],
    schedules: Mapping[int, Schedule],
    allowed: set[str],
) -> Iterator[Finding]:
    for again in made_again(history):
        number, worker, what, tenant = again.key
        schedule = schedules.get(number)
        if what in allowed or (schedule and replaced(schedule, again)):
            continue
        if again.proven:
            yield process_finding(
                what,
                "twice",
                f"{alias(tenant)} was initialised twice in one process by "
                f"{short(what)}, and not closed in between "
                f"({boots[number]})",
                f"{alias(tenant)}: worker {worker} was through with it at "
                f"{again.before.at:.3f} s and again at {again.after.at:.3f} s",
                "if that does no harm, say so: Initialiser(…, again=True)",
                owner=tenant,
            )


def _too_early(
    history: History,
    calls: Mapping[Key, list[Initialised]],
    boots: Mapping[int, Start],
) -> Iterator[Finding]:
    """Find tenants that were served while no process had their resource ready."""
    awaited = {one.what for one in history.of(Watching) if one.awaited}
    ready: dict[tuple[int, str, int], float] = {}
    for (number, _, what, tenant), told in calls.items():
        times = [one.at for one in told if one.stage is Stage.READY]
        if what in awaited and times:
            place = (number, what, tenant)
            ready[place] = min(times[0], ready.get(place, times[0]))
    served = {
        (one.boot, one.tenant): one for one in history.of(Arrival) if not one.failure
    }
    for (number, what, tenant), at in ready.items():
        arrival = served.get((number, tenant))
        if arrival is not None and arrival.at + _CLOCKS < at:
            yield process_finding(
                what,
                "too early",
                f"{alias(tenant)} was served before {short(what)} was through with "
                f"it ({boots[number]})",
                f"{alias(tenant)}: {arrival.operation} succeeded at "
                f"{arrival.at:.3f} s, it was ready at {at:.3f} s",
                owner=tenant,
            )


def _never_closed(
    history: History,
    calls: Mapping[Key, list[Initialised]],
    boots: Mapping[int, Start],
    torn: set[int],
) -> Iterator[Finding]:
    stopped = _stopped(history)
    # What a schedule leaves behind is cancelled after it, with its loop.
    ended = {one.schedule: one.at for one in history.of(ScheduleEnded)}
    for (number, worker, what, tenant), told in calls.items():
        if (number, worker) not in stopped or number in torn:
            continue
        still: dict[int, Initialised] = {}
        for one in told:
            if one.closes and one.at <= ended.get(number, math.inf):
                follow(still, one, ends=(Stage.CLOSED,))
        for run in still.values():
            yield process_finding(
                what,
                "not closed",
                f"{alias(tenant)}'s resource of {short(what)} was not closed by the "
                f"app's shutdown ({boots[number]})",
                f"{alias(tenant)}: worker {worker} opened it at {run.at:.3f} s",
                owner=tenant,
            )


def _stopped(history: History) -> set[tuple[int, int]]:
    """Return the processes, by boot, whose shutdown went through."""
    reached = history.of(Reached)
    stopped = {(one.boot, one.worker) for one in reached if one.phase is Phase.STOPPED}
    # A start-up that failed has no shutdown, and the app is gone all the same.
    return stopped | {(one.schedule, 1) for one in history.of(ScheduleEnded)}


def _torn_down(schedule: Schedule) -> bool:
    """Whether an app was ended in the middle, so that it could not close anything."""
    if schedule.ended is None or schedule.ended.ending is not Ending.ENDED:
        return True
    started = (
        at
        for at, one in schedule.events
        if isinstance(one, Reached) and one.phase is Phase.STARTED
    )
    since = next(started, NEVER)
    return any(
        fault.actor == LIFESPAN and fault.leaves and fault.began > since
        for fault in schedule.faults
    )


def _connections_left(
    history: History, boots: Mapping[int, Start], torn: set[int]
) -> Iterator[Finding]:
    """Find connections that the server still has after the shutdown.

    What was opened and closed in the process only tells whose they are: a connection
    that the server let go of is none.
    """
    opened = {(one.boot, one.backend): one for one in history.of(Connected) if one.open}
    for left in history.of(LeftOpen):
        if left.boot in torn:
            continue
        origin = opened.get((left.boot, left.backend))
        where = origin.where if origin is not None else ""
        tenant = origin.tenant if origin is not None else None
        whose = f"{alias(tenant)}'s resource" if tenant is not None else "no tenant"
        yield process_finding(
            f"connection opened at {where}" if where else "connection",
            "left open",
            f"A connection to Postgres was left open by the app's shutdown "
            f"({boots[left.boot]})",
            f"backend {left.backend} of role {left.user!r}, "
            f"{left.application or 'no application name'}, opened for {whose}, "
            f"{left.state}: {left.query or 'no statement yet'}",
            owner=tenant,
        )


def _too_many(history: History, boots: Mapping[int, Start]) -> Iterator[Finding]:
    for crowd in history.of(Crowd):
        boot = boots[crowd.boot].boot
        if 0 < boot.planned < crowd.most:
            yield process_finding(
                "connections",
                "too many",
                f"The app had {crowd.most} connections to Postgres at once; the "
                f"target accounts for {boot.planned} ({boots[crowd.boot]})",
                f"seen in trial {boot.trial}",
            )


def _not_served(history: History, boots: Mapping[int, Start]) -> Iterator[Finding]:
    for arrival in history.of(Arrival):
        if arrival.failure:
            yield process_finding(
                arrival.operation,
                "not served",
                f"{alias(arrival.tenant)} was not served after the start "
                f"({boots[arrival.boot]})",
                f"{alias(arrival.tenant)} gave up after {arrival.attempts} attempts in "
                f"{arrival.seconds:.1f} s: {arrival.failure}",
                owner=arrival.tenant,
            )
