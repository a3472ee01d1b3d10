"""Figures of a swarm: what workers counted, put together."""

from __future__ import annotations

import importlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from harness.model.load import Tally
from harness.model.measurement import Measurement
from harness.model.tenant import alias
from harness.swarm.latencies import DIGITS, LONGEST

NEEDED: Final[Mapping[str, tuple[float, int]]] = {
    "p50": (50.0, 2),
    "p95": (95.0, 20),
    "p99": (99.0, 100),
    "max": (100.0, 1),
}
"""Quantiles, and how many requests each needs to say more than the maximum does."""
ENOUGH: Final = 100
"""Requests without which a share of failures says little of a single tenant."""


@dataclass(frozen=True, slots=True)
class Moments:
    """When things happened, on the machine's monotonic clock.

    Attributes:
        spawned: When the app's process was started; 0 if that was before.
        ready: When it listened.
        began: When the first user came.
        ended: When the last one left.
        cut: Whether it was ended at once, since something leaked.
    """

    spawned: float
    ready: float
    began: float
    ended: float
    cut: bool = False


def measurements(tallies: Iterable[Tally], moments: Moments) -> tuple[Measurement, ...]:
    """Return the figures of a swarm: of all, of each tenant and of each operation.

    Args:
        tallies: Of all workers.
        moments: When things happened.
    """
    tenants: dict[int, list[Tally]] = defaultdict(list)
    operations: dict[str, list[Tally]] = defaultdict(list)
    for tally in tallies:
        if tally.tenant >= 0:
            tenants[tally.tenant].append(tally)
        else:
            operations[tally.operation].append(tally)
    everything = [one for group in tenants.values() for one in group]
    found = list(_of_all(everything, moments))
    for index, group in sorted(tenants.items()):
        labels = {"tenant": alias(index)}
        found += _of(group, labels)
        found += _first(group, labels, moments)
    for key, group in sorted(operations.items()):
        labels = {"operation": key}
        found += _of(group, labels, prefix="operation_")
        found += _reasons(group, labels)
    return tuple(found)


def _of_all(tallies: list[Tally], moments: Moments) -> Iterator[Measurement]:
    yield from _of(tallies, {}, needed=1)
    seconds = moments.ended - max(moments.began, moments.ready)
    if seconds > 0:
        requests = sum(one.requests for one in tallies)
        yield Measurement("rate", requests / seconds, "1/s")
    if moments.spawned:
        yield Measurement("ready", moments.ready - moments.spawned, "s")


def _of(
    tallies: list[Tally],
    labels: Mapping[str, str],
    *,
    prefix: str = "",
    needed: int = ENOUGH,
) -> Iterator[Measurement]:
    requests = sum(one.requests for one in tallies)
    failures = sum(one.failures for one in tallies)
    throttled = sum(one.throttled for one in tallies)
    yield Measurement(f"{prefix}requests", requests, labels=labels)
    yield Measurement(f"{prefix}failed", failures, labels=labels)
    yield Measurement(f"{prefix}throttled", throttled, labels=labels)
    if requests >= needed:
        yield Measurement(f"{prefix}failures", failures / requests, labels=labels)
    latencies = _merged(tallies)
    count = latencies.get_total_count()
    for name, (percentile, least) in NEEDED.items():
        if count >= least:
            microseconds = latencies.get_value_at_percentile(percentile)
            figure = microseconds / 1e6
            yield Measurement(f"{prefix}{name}", figure, "s", labels=labels)


def _merged(tallies: list[Tally]) -> Any:
    # Not at the top: a harness without the swarm's extras can show its reports.
    histogram: Any = importlib.import_module("hdrh.histogram").HdrHistogram
    merged = histogram(1, LONGEST, DIGITS)
    for tally in tallies:
        if tally.latencies:
            merged.decode_and_add(tally.latencies.encode("ascii"))
    return merged


def _first(
    tallies: list[Tally], labels: Mapping[str, str], moments: Moments
) -> Iterator[Measurement]:
    """Yield how long a tenant's first user waited for the first success.

    Counted from when the app's process was started, or the user came, if later.
    """
    served = [one.served for one in tallies if one.served >= 0]
    arrived = [one.arrived for one in tallies if one.arrived >= 0]
    if moments.spawned and served and arrived:
        waited = min(served) - max(moments.spawned, min(arrived))
        yield Measurement("first_success", waited, "s", labels=labels)


def _reasons(tallies: list[Tally], labels: Mapping[str, str]) -> Iterator[Measurement]:
    counted: Counter[str] = Counter()
    for tally in tallies:
        counted.update(dict(tally.reasons))
    for reason, count in counted.most_common():
        yield Measurement("failure", count, labels={**labels, "reason": reason})
