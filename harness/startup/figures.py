"""Figures of starts: from a history to measurements, per strategy and size."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from harness.model.boot import (
    Arrival,
    Boot,
    BootEvent,
    Connected,
    Crowd,
    LeftOpen,
    Phase,
    ProviderCalls,
    Reached,
)
from harness.model.measurement import Measurement

if TYPE_CHECKING:
    from harness.model.history import History

FIGURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "imported": "s",
        "started": "s",
        "listening": "s",
        "ready": "s",
        "ready_worst": "s",
        "served": "s",
        "served_worst": "s",
        "first_200_p50": "s",
        "first_200_p95": "s",
        "first_200_max": "s",
        "first_request_p50": "s",
        "first_request_p95": "s",
        "first_request_max": "s",
        "connections": "1",
        "connections_left": "1",
        "memory": "B",
        "provider_calls": "1",
        "provider_calls_per_tenant": "1",
        "trials": "1",
    }
)
"""Each figure and its unit.

Times of phases count from the spawn to the last worker, the median of the trials;
``…_worst`` is the worst trial. ``first_200_…`` is the time from the spawn to a tenant's
first success, and ``first_request_…`` that part of it which began with its first
request, both over the tenants, the median of the trials; ``…_max`` is the worst of
all. Tenants ask once the app is ready, some at a time: the first includes waiting for
their turn, the second does not. The others are the worst trial: most connections at
once, memory of all workers together, connections left after the shutdown, and calls of
the model provider until each tenant was served, in all and with one tenant's key.
"""

_PHASES: Final = (
    Phase.IMPORTED,
    Phase.STARTED,
    Phase.LISTENING,
    Phase.READY,
    Phase.SERVED,
)


def figures(history: History) -> tuple[Measurement, ...]:
    """Return the measurements of all starts of a history that served its tenants."""
    groups: dict[tuple[str, int], list[list[BootEvent]]] = defaultdict(list)
    for boot, events in _by_boot(history).items():
        if any(isinstance(e, Reached) and e.phase is Phase.SERVED for e in events):
            groups[boot.strategy, boot.tenants].append(events)
    return tuple(
        Measurement(
            name, value, FIGURES[name], {"strategy": strategy, "tenants": str(tenants)}
        )
        for (strategy, tenants), boots in groups.items()
        for name, value in _figures(boots)
    )


def _by_boot(history: History) -> Mapping[Boot, list[BootEvent]]:
    boots = {boot.number: boot for boot in history.of(Boot)}
    events: dict[Boot, list[BootEvent]] = {boot: [] for boot in boots.values()}
    for event in history.events:
        number = getattr(event, "boot", 0)
        if isinstance(event, BootEvent) and number in boots:
            events[boots[number]].append(event)
    return events


def _figures(boots: Sequence[Sequence[BootEvent]]) -> Iterator[tuple[str, float]]:
    for phase in _PHASES:
        times = [took for one in boots if (took := _took(one, phase)) is not None]
        if times:
            yield phase.value, median(times)
        if times and phase in {Phase.READY, Phase.SERVED}:
            yield f"{phase}_worst", max(times)
    yield from _spread("first_200", [_since_spawn(one) for one in boots])
    yield from _spread("first_request", [_waits(one) for one in boots])
    yield "connections", max(_connections(one) for one in boots)
    yield "connections_left", max(_count(one, LeftOpen) for one in boots)
    if memory := max(_memory(one) for one in boots):
        yield "memory", memory
    calls = [_calls(one) for one in boots]
    yield "provider_calls", max(sum(one.values()) for one in calls)
    yield "provider_calls_per_tenant", max(max(c.values(), default=0) for c in calls)
    yield "trials", len(boots)


def _took(events: Sequence[BootEvent], phase: Phase) -> float | None:
    """Return the seconds from the spawn until the last worker came to a phase."""
    spawned, times = _times(events, Phase.SPAWNED), _times(events, phase)
    return max(times) - min(spawned) if spawned and times else None


def _times(events: Sequence[BootEvent], phase: Phase) -> Sequence[float]:
    return [e.at for e in events if isinstance(e, Reached) and e.phase is phase]


def _spread(
    name: str, trials: Sequence[Sequence[float]]
) -> Iterator[tuple[str, float]]:
    """Yield percentiles over the tenants, of the trial in the middle, and the most."""
    ordered = [sorted(one) for one in trials]
    if all(ordered):
        yield f"{name}_p50", median(_percentile(one, 0.50) for one in ordered)
        yield f"{name}_p95", median(_percentile(one, 0.95) for one in ordered)
        yield f"{name}_max", max(one[-1] for one in ordered)


def _since_spawn(events: Sequence[BootEvent]) -> Sequence[float]:
    """Return for each tenant that was served when it was, in seconds of the start."""
    spawned = _times(events, Phase.SPAWNED)
    return [one.at - min(spawned) for one in _served(events)] if spawned else []


def _waits(events: Sequence[BootEvent]) -> Sequence[float]:
    return [one.seconds for one in _served(events)]


def _served(events: Sequence[BootEvent]) -> Iterator[Arrival]:
    return (e for e in events if isinstance(e, Arrival) and not e.failure)


def _percentile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that so large a share does not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _connections(events: Sequence[BootEvent]) -> int:
    """Return the most connections at once, as the server or the processes saw it."""
    changes = sorted(
        (one.at, 1 if one.open else -1) for one in events if isinstance(one, Connected)
    )
    now = most = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    seen = (one.most for one in events if isinstance(one, Crowd))
    return max(most, *seen, 0)


def _memory(events: Sequence[BootEvent]) -> int:
    most: dict[int, int] = {}
    for one in events:
        if isinstance(one, Reached) and one.worker:
            most[one.worker] = max(one.memory, most.get(one.worker, 0))
    return sum(most.values())


def _count(events: Sequence[BootEvent], kind: type[BootEvent]) -> int:
    return sum(isinstance(one, kind) for one in events)


def _calls(events: Sequence[BootEvent]) -> Mapping[int | None, int]:
    calls: dict[int | None, int] = defaultdict(int)
    for one in events:
        if isinstance(one, ProviderCalls):
            calls[one.tenant] += one.calls
    return calls
