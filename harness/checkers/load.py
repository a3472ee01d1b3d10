"""What a swarm has seen, and whether its figures can be trusted."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from harness.checkers.channels import unwatched, watched_channels
from harness.model.coverage import Coverage, Gap
from harness.model.event import Channel, Declared, Unseen
from harness.model.load import Beat, Tally
from harness.model.tenant import alias

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from harness.model.history import History

FEWEST: Final = 100
"""Successful requests without which a swarm says nothing."""
BLIND: Final = 20
"""Successful requests after which a tenant must have seen something of its own."""
BUSY: Final = 0.9
"""Share of a core from which on a worker counts as the bottleneck."""
EXPIRED: Final = 0.01
"""Share of a tenant's requests that may come after its session has ended."""
WINDOW: Final = 5.0
"""Seconds for which it must be that busy: starting users is work, too."""


def load_coverage(
    history: History,
    *,
    operations: Sequence[str],
    cold: bool = False,
    channels: Collection[Channel] = (Channel.BODY, Channel.LOG),
    cut: bool = False,
) -> Coverage:
    """Work out what a swarm saw of the app.

    Args:
        history: What happened, with what workers told.
        operations: Keys of those that users could ask for.
        cold: Whether each tenant's first success is what counts.
        channels: Those of body and log that must be watched for a verdict.
        cut: Whether it was ended at once: then it is no news that a worker did not
            tell all.
    """
    tallies = list(history.of(Tally))
    asked = {one.operation for one in tallies if one.operation and _worked(one)}
    tenants = _of_tenants(tallies)
    # What was seen while the world was made says nothing of what users saw.
    watched = set(watched_channels(history)) - {Channel.BODY}
    if any(one.sighted for one in tenants.values()):
        watched.add(Channel.BODY)
    held = {Channel(one.channel) for one in tallies if one.channel}
    heard = {Channel(one.channel) for one in tallies if one.channel and one.sighted}
    watched = (watched - held) | heard
    gaps = [
        *_generator(history, cut=cut),
        *_samples(tenants),
        *_tenants(tenants, sorted(history.knows), cold=cold),
        *unwatched(history, watched, channels),
        *_unheard(held - heard),
        *(Gap(one.step, one.reason, floor=True) for one in history.of(Unseen)),
        *(
            Gap(key, "no user's request for it succeeded", floor=False)
            for key in operations
            if key not in asked
        ),
    ]
    return Coverage(
        covered=tuple(sorted(asked)),
        operations_required=len(operations),
        operations_known=len({one.operation for one in history.of(Declared)}),
        fields_seen=0,
        fields_planted=0,
        channels=tuple(one for one in Channel if one in watched),
        probes=0,
        gaps=tuple(sorted(dict.fromkeys(gaps), key=lambda gap: not gap.floor)),
    )


@dataclass(slots=True)
class _Tenant:
    """What came of one tenant's requests, over all workers."""

    requests: int = 0
    succeeded: int = 0
    expired: int = 0
    sighted: bool = False
    arrived: bool = False


def _worked(tally: Tally) -> int:
    return tally.requests - tally.failures - tally.throttled - tally.expired


def _of_tenants(tallies: Iterable[Tally]) -> dict[int, _Tenant]:
    found: dict[int, _Tenant] = defaultdict(_Tenant)
    for tally in tallies:
        if tally.tenant >= 0:
            one = found[tally.tenant]
            one.requests += tally.requests
            one.expired += tally.expired
            one.succeeded += _worked(tally)
            one.sighted = one.sighted or tally.sighted > 0
            one.arrived = one.arrived or tally.arrived >= 0
    return found


def _generator(history: History, *, cut: bool) -> Iterator[Gap]:
    """Say where the generator failed: its figures would be its own, not the app's."""
    beats = sorted(history.of(Beat), key=lambda beat: (beat.worker, beat.at))
    by_worker = groupby(beats, key=lambda beat: beat.worker)
    for number, (_, group) in enumerate(by_worker, start=1):
        told = list(group)
        if not told[-1].last and not cut:
            reason = f"worker {number} of Locust was lost; what it counted is missing"
            yield Gap("the generator", reason, floor=True)
        busiest = max(_busy(told), default=0.0)
        if busiest > BUSY:
            reason = (
                f"worker {number} of Locust needed {busiest:.0%} of a core, and was "
                "the bottleneck itself: fewer users, or more --processes"
            )
            yield Gap("the generator", reason, floor=True)


def _busy(beats: Sequence[Beat]) -> Iterator[float]:
    """Yield the shares of a core that were used in each window of some seconds.

    What came before the first beat, such as loading Locust, is no part of them.
    """
    counted = beats[1:]
    for first in range(len(counted)):
        used = passed = 0.0
        for earlier, beat in zip(beats[first:], counted[first:], strict=False):
            passed += beat.at - earlier.at
            used += beat.cpu * (beat.at - earlier.at)
            if passed >= WINDOW:
                yield used / passed
                break


def _unheard(channels: Collection[Channel]) -> Iterator[Gap]:
    for channel in sorted(channels):
        reason = f"no tenant heard a planted value of its own on a {channel}"
        yield Gap(f"channel {channel}", reason, floor=False)


def _samples(tenants: dict[int, _Tenant]) -> Iterator[Gap]:
    succeeded = sum(one.succeeded for one in tenants.values())
    if succeeded < FEWEST:
        reason = (
            f"{succeeded} requests succeeded, and {FEWEST} are needed: "
            "more users (-u), or a longer run (-t)"
        )
        yield Gap("samples", reason, floor=True)


def _tenants(
    tenants: dict[int, _Tenant], known: Sequence[int], *, cold: bool
) -> Iterator[Gap]:
    for index in known:
        one = tenants.get(index, _Tenant())
        name = f"tenant {alias(index)}"
        if not one.arrived:
            reason = "no user of it came: more users (-u), or a longer run (-t)"
            yield Gap(name, reason, floor=cold)
            continue
        if one.expired:
            reason = (
                f"its session had ended for {one.expired} of {one.requests} requests "
                "(401), and only the target can log it in again: a shorter run (-t), "
                "or credentials that last"
            )
            yield Gap(name, reason, floor=one.expired > one.requests * EXPIRED)
        elif not one.succeeded:
            yield Gap(name, "none of its requests succeeded", floor=True)
        if not one.sighted and one.succeeded >= BLIND:
            reason = "never saw a planted value of its own in an answer"
            yield Gap(name, reason, floor=True)
