"""The lifecycle oracle: what a start opens is opened once, in time, and closed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from harness.checkers.generations import Key, calls_of, follow, made_again
from harness.model.boot import (
    Arrival,
    Boot,
    Connected,
    Crowd,
    Initialised,
    LeftOpen,
    Phase,
    ProviderCalls,
    Reached,
    Stage,
    Watching,
)
from harness.model.event import Channel
from harness.model.finding import Evidence, Finding, Severity, merged
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
    boots = {boot.number: boot for boot in history.of(Boot)}
    calls = calls_of(history)
    found = [
        *_twice(history, boots),
        *_too_early(history, calls, boots),
        *_never_closed(history, calls, boots),
        *_connections_left(history, boots),
        *_too_many(history, boots),
        *_not_served(history, boots),
        *_called_too_often(history, boots),
    ]
    return merged(found)


def _twice(history: History, boots: Mapping[int, Boot]) -> Iterator[Finding]:
    for again in made_again(history):
        number, worker, what, tenant = again.key
        if again.proven:
            yield _finding(
                what,
                "twice",
                f"{alias(tenant)} was initialised twice in one process by "
                f"{_short(what)}, and not closed in between "
                f"({_start(boots[number])})",
                f"{alias(tenant)}: worker {worker} was through with it at "
                f"{again.before.at:.3f} s and again at {again.after.at:.3f} s",
                owner=tenant,
            )


def _too_early(
    history: History,
    calls: Mapping[Key, list[Initialised]],
    boots: Mapping[int, Boot],
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
            yield _finding(
                what,
                "too early",
                f"{alias(tenant)} was served before {_short(what)} was through with "
                f"it ({_start(boots[number])})",
                f"{alias(tenant)}: {arrival.operation} succeeded at "
                f"{arrival.at:.3f} s, it was ready at {at:.3f} s",
                owner=tenant,
            )


def _never_closed(
    history: History,
    calls: Mapping[Key, list[Initialised]],
    boots: Mapping[int, Boot],
) -> Iterator[Finding]:
    stopped = _stopped(history)
    for (number, worker, what, tenant), told in calls.items():
        if (number, worker) not in stopped:
            continue
        still: dict[int, Initialised] = {}
        for one in told:
            if one.closes:
                follow(still, one, ends=(Stage.CLOSED,))
        for run in still.values():
            yield _finding(
                what,
                "not closed",
                f"{alias(tenant)}'s resource of {_short(what)} was not closed by the "
                f"app's shutdown ({_start(boots[number])})",
                f"{alias(tenant)}: worker {worker} opened it at {run.at:.3f} s",
                owner=tenant,
            )


def _stopped(history: History) -> set[tuple[int, int]]:
    """Return the processes, by boot, whose shutdown went through."""
    reached = history.of(Reached)
    return {(one.boot, one.worker) for one in reached if one.phase is Phase.STOPPED}


def _connections_left(history: History, boots: Mapping[int, Boot]) -> Iterator[Finding]:
    """Find connections that the server still has after the shutdown.

    What was opened and closed in the process only tells whose they are: a connection
    that the server let go of is none.
    """
    opened = {(one.boot, one.backend): one for one in history.of(Connected) if one.open}
    for left in history.of(LeftOpen):
        origin = opened.get((left.boot, left.backend))
        where = origin.where if origin is not None else ""
        tenant = origin.tenant if origin is not None else None
        whose = f"{alias(tenant)}'s resource" if tenant is not None else "no tenant"
        yield _finding(
            f"connection opened at {where}" if where else "connection",
            "left open",
            f"A connection to Postgres was left open by the app's shutdown "
            f"({_start(boots[left.boot])})",
            f"backend {left.backend} of role {left.user!r}, "
            f"{left.application or 'no application name'}, opened for {whose}, "
            f"{left.state}: {left.query or 'no statement yet'}",
            owner=tenant,
        )


def _too_many(history: History, boots: Mapping[int, Boot]) -> Iterator[Finding]:
    for crowd in history.of(Crowd):
        boot = boots[crowd.boot]
        if 0 < boot.planned < crowd.most:
            yield _finding(
                "connections",
                "too many",
                f"The app had {crowd.most} connections to Postgres at once; the "
                f"target accounts for {boot.planned} ({_start(boot)})",
                f"seen in trial {boot.trial}",
            )


def _not_served(history: History, boots: Mapping[int, Boot]) -> Iterator[Finding]:
    for arrival in history.of(Arrival):
        if arrival.failure:
            yield _finding(
                arrival.operation,
                "not served",
                f"{alias(arrival.tenant)} was not served after the start "
                f"({_start(boots[arrival.boot])})",
                f"{alias(arrival.tenant)} gave up after {arrival.attempts} attempts in "
                f"{arrival.seconds:.1f} s: {arrival.failure}",
                owner=arrival.tenant,
            )


def _called_too_often(history: History, boots: Mapping[int, Boot]) -> Iterator[Finding]:
    counted = Counter[tuple[int, int | None]]()
    most: dict[int, int] = {}
    for one in history.of(ProviderCalls):
        counted[one.boot, one.tenant] += one.calls
        most[one.boot] = one.most
    for (number, tenant), calls in counted.items():
        allowed = most[number] * boots[number].workers
        if allowed >= 0 and calls > allowed:
            whose = "nobody's key" if tenant is None else f"{alias(tenant)}'s key"
            yield _finding(
                "model provider",
                "called too often",
                f"The start called the model provider {calls} times with {whose}; the "
                f"target allows {allowed} ({_start(boots[number])})",
                f"{whose}: {calls} calls in trial {boots[number].trial}",
                owner=tenant,
            )


def _start(boot: Boot) -> str:
    return f"strategy {boot.strategy}, {boot.tenants} tenants"


def _short(what: str) -> str:
    return what.rpartition(":")[2]


def _finding(
    operation: str, shape: str, summary: str, fact: str, *, owner: int | None = None
) -> Finding:
    return Finding(
        oracle="lifecycle",
        severity=Severity.MAJOR,
        channel=Channel.PROCESS,
        operation=operation,
        owner=owner,
        receiver=None,
        what=shape,
        shape=shape,
        summary=summary,
        evidence=(Evidence(0, fact),),
    )
