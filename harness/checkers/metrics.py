"""Label, of metrics: what one tenant does is counted as another's.

Judged only where it is sure: between two readings of the page all requests were one
tenant's, a counter that is labelled with another tenant rose by just their number,
and none of that metric that is labelled with the one who asked rose at all. A counter
of other work may do so by chance: it has to show for two numbers of requests.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from harness.model.event import Audience, Channel, Exchange, Scrape
from harness.model.finding import Evidence, Finding, Severity, merged
from harness.model.step import Role
from harness.model.tenant import alias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.model.history import History

FEWEST: Final = 3
"""Requests below which what a counter rose by may be anything."""


@dataclass(frozen=True, slots=True)
class _Miscount:
    """A counter of one tenant's that rose by the number of another's requests."""

    metric: str
    label: str
    tenant: int
    asker: int
    requests: int
    exchange: int


def metric_label(history: History) -> list[Finding]:
    """Find each counter that counts one tenant's requests for another."""
    scrapes = list(history.of(Scrape))
    exchanges = list(history.of(Exchange)) if len(scrapes) > 1 else []
    found: dict[tuple[str, str], list[_Miscount]] = defaultdict(list)
    for before, after in pairwise(scrapes):
        if before.boot != after.boot:
            continue
        between = [
            one for one in exchanges if before.exchange < one.id < after.exchange
        ]
        asker = _only_asker(between)
        if asker is not None:
            for one in _misled(before, after, asker, len(between)):
                found[one.metric, one.label].append(one)
    return merged(
        [
            _finding(one)
            for told in found.values()
            if len({one.requests for one in told}) > 1
            for one in told
        ]
    )


def _only_asker(between: Sequence[Exchange]) -> int | None:
    """Return the one tenant whose requests these all are; None if there is none."""
    askers = {one.principal.credential for one in between}
    regular = all(
        one.principal.whole
        and one.succeeded
        and one.audience is Audience.TENANT
        and one.role is not Role.PROBE
        for one in between
    )
    if len(between) < FEWEST or len(askers) != 1 or not regular:
        return None
    return askers.pop()


def _misled(
    before: Scrape, after: Scrape, asker: int, requests: int
) -> Iterator[_Miscount]:
    risen: dict[tuple[str, str], dict[int, float]] = defaultdict(
        lambda: defaultdict(float)
    )
    for sign, scrape in ((-1, before), (1, after)):
        for one in scrape.series:
            risen[one.metric, one.label][one.tenant] += sign * one.value
    for (metric, label), by_tenant in risen.items():
        if by_tenant.get(asker):
            continue
        for tenant, rise in by_tenant.items():
            if tenant != asker and rise == requests:
                yield _Miscount(metric, label, tenant, asker, requests, after.exchange)


def _finding(one: _Miscount) -> Finding:
    told = f"{one.requests} requests of {alias(one.asker)}'s"
    shown = f"{one.label} names {alias(one.tenant)}: {told} rose it"
    return Finding(
        oracle="label",
        severity=Severity.MAJOR,
        channel=Channel.METRIC,
        operation=f"metric {one.metric}",
        owner=one.tenant,
        receiver=one.asker,
        what="tenant label",
        shape="wrong",
        summary=f"The metric {one.metric} counts {told} for {alias(one.tenant)}",
        evidence=(Evidence(one.exchange, shown),),
    )
