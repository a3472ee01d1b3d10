"""Coverage: what a history shows to have been seen, and what not."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from harness.checkers.sendings import Sending, sendings
from harness.checkers.who import is_tenant
from harness.model.canary import FIELD_BEACON, FIRST_PLANTED_FIELD
from harness.model.coverage import Coverage, Gap
from harness.model.event import (
    ANSWERS,
    Audience,
    BeaconSent,
    BootCalls,
    Channel,
    Declared,
    Egress,
    Exchange,
    Heard,
    LogLine,
    Scrape,
    Unseen,
)
from harness.model.step import Role
from harness.model.tenant import alias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.model.history import History
    from harness.model.scanner import Hit

AS_OWNER = frozenset({Role.CONTROL, Role.SEED})


def coverage(
    history: History, *, channels: Sequence[Channel] = (Channel.BODY, Channel.LOG)
) -> Coverage:
    """Work out what a history covers.

    Args:
        history: What happened.
        channels: Those that must be watched for a verdict.
    """
    declared = list({d.operation: d for d in history.of(Declared)}.values())
    gaps = [*_operation_gaps(history, declared)]
    uncovered = {gap.what for gap in gaps}
    planted, seen = _fields(history)
    watched = set(watched_channels(history))
    gaps += _channel_gaps(history, watched, channels)
    gaps += [
        Gap(history.label(field), "its owner never saw its value again", floor=False)
        for field in sorted(planted - seen)
    ]
    keys = {one.operation for one in declared}
    gaps += [
        Gap(unseen.step, unseen.reason, floor=True)
        for unseen in dict.fromkeys(history.of(Unseen))
        if unseen.step not in keys
    ]
    required = [one for one in declared if one.required and not one.skipped]
    return Coverage(
        covered=tuple(
            one.operation for one in declared if one.operation not in uncovered
        ),
        operations_required=len(required),
        operations_known=len(declared),
        fields_seen=len(planted & seen),
        fields_planted=len(planted),
        channels=tuple(channel for channel in Channel if channel in watched),
        probes=_counted_probes(history),
        gaps=tuple(sorted(dict.fromkeys(gaps), key=lambda gap: not gap.floor)),
    )


def _operation_gaps(history: History, declared: list[Declared]) -> Iterator[Gap]:
    by_operation: dict[str, list[Exchange]] = defaultdict(list)
    for exchange in history.of(Exchange):
        by_operation[exchange.operation].append(exchange)
    unseen = {one.step: one.reason for one in history.of(Unseen)}
    tenants = _tenants(history)
    if not any(one.required and not one.skipped for one in declared):
        yield Gap("operations", "the app offers none that could be tried", floor=True)
    for one in declared:
        exchanges = by_operation[one.operation]
        if one.skipped:
            yield Gap(one.operation, one.skipped, floor=False)
        elif one.audience is Audience.TENANT:
            yield from _tenant_gaps(one, exchanges, tenants, unseen)
        elif not any(exchange.succeeded for exchange in exchanges):
            floor = one.required and one.audience is not Audience.OPERATOR
            reason = unseen.get(one.operation) or _why(exchanges)
            yield Gap(one.operation, reason, floor=floor)


def _tenants(history: History) -> set[int]:
    """Return the tenants that tried anything as owners."""
    return {
        e.principal.credential
        for e in history.of(Exchange)
        if e.role in AS_OWNER and e.principal.credential is not None
    }


def _tenant_gaps(
    one: Declared,
    exchanges: list[Exchange],
    tenants: set[int],
    unseen: Mapping[str, str],
) -> Iterator[Gap]:
    controls = [e for e in exchanges if e.role in AS_OWNER]
    worked = {e.principal.credential for e in controls if e.succeeded}
    if not worked:
        reason = unseen.get(one.operation) or _why(controls)
        yield Gap(one.operation, reason, floor=one.required)
        return
    for tenant in sorted(tenants - worked):
        failed = [e for e in controls if e.principal.credential == tenant]
        if failed or one.operation in unseen:
            why = _why(failed) if failed else unseen[one.operation]
            reason = f"works for others, but for {alias(tenant)}: {why}"
            yield Gap(one.operation, reason, floor=one.required)
    if not any(_is_probe(e) and e.owner in worked for e in exchanges):
        reason = unseen.get(one.operation) or "was never tried as anybody else"
        yield Gap(one.operation, reason, floor=one.required)


def _why(exchanges: list[Exchange]) -> str:
    if not exchanges:
        return "was never tried"
    last = exchanges[-1]
    outcome = last.failure or f"status {last.status}"
    return f"never succeeded as its owner ({outcome} to {last.request})"


def _is_probe(exchange: Exchange) -> bool:
    """Whether somebody else tried, and the app had its say: a crash is none."""
    answered = 0 < exchange.status < 500 and exchange.status != 429
    return exchange.role is Role.PROBE and answered


def _counted_probes(history: History) -> int:
    worked = {
        (e.operation, e.owner)
        for e in history.of(Exchange)
        if e.role in AS_OWNER and e.succeeded
    }
    return sum(
        _is_probe(e) and (e.operation, e.owner) in worked for e in history.of(Exchange)
    )


def _fields(history: History) -> tuple[set[int], set[int]]:
    """Return the fields that were planted, and those that their owner saw again."""
    planted: set[int] = set()
    for exchange in history.of(Exchange):
        if exchange.principal.whole and exchange.succeeded and exchange.mutates:
            own = exchange.principal.credential
            planted |= {field for owner, field in exchange.sent if owner == own}
    seen = {field for _, field in _sightings(history)}
    return {field for field in planted if _is_data(field)}, seen


def _sightings(history: History) -> set[tuple[int, int]]:
    """Return which tenants saw which planted fields of theirs again.

    An answer that repeats its own request proves no more than that.
    """
    answered = {
        (found.hit.owner, found.hit.field)
        for exchange in history.of(Exchange)
        if exchange.principal.whole and exchange.succeeded
        for found in exchange.found
        if found.channel in ANSWERS
        and found.hit.owner == exchange.principal.credential
        and _is_data(found.hit.field)
        and (found.hit.owner, found.hit.field) not in exchange.sent
    }
    heard = {(hit.owner, hit.field) for _, hit in _own_heard(history)}
    return answered | heard


def _own_heard(history: History) -> Iterator[tuple[Exchange, Hit]]:
    """Yield what listeners heard of their own data, and the listener's opening."""
    openings = {
        one.id: one
        for one in history.of(Exchange)
        if one.endless and one.principal.whole
    }
    for heard in history.of(Heard):
        opening = openings.get(heard.listener)
        if opening is not None:
            for hit in heard.hits:
                if hit.owner == opening.principal.credential and _is_data(hit.field):
                    yield opening, hit


def watched_channels(history: History) -> Iterator[Channel]:
    """Yield the channels through which something came that was supposed to."""
    for exchange in history.of(Exchange):
        for found in exchange.found:
            own = found.hit.owner == exchange.principal.credential
            if own and (found.channel not in ANSWERS or _is_data(found.hit.field)):
                yield found.channel
    yield from {opening.through for opening, _ in _own_heard(history)}
    if any(history.of(BeaconSent)) and not lost_beacons(history):
        yield Channel.LOG
    if _counts(list(history.of(Scrape))):
        yield Channel.METRIC
    if any(_carries_own(one) for one in sendings(history)):
        yield Channel.EGRESS


def _counts(scrapes: list[Scrape]) -> bool:
    """Whether a page of metrics showed a tenant, or counted what was done."""
    return any(one.samples and one.series for one in scrapes) or any(
        after.boot == before.boot and after.counted > before.counted
        for before, after in pairwise(scrapes)
    )


def _carries_own(sending: Sending) -> bool:
    """Whether a request to the outside held what its own tenant had given the app."""
    owners = sending.receivers or {sending.sender}
    return any(
        found.where == "body" and found.hit.owner in owners for found in sending.data()
    )


def _offered(history: History) -> set[Channel]:
    """Return the channels that any app has, and those that this one offers."""
    always = {Channel.BODY, Channel.HEADER, Channel.ERROR, Channel.LOG}
    declared = {one.channel for one in history.of(Declared) if not one.skipped}
    answered = {one.through for one in history.of(Exchange) if one.succeeded}
    called = {
        Channel.EGRESS for e in history.events if isinstance(e, Egress | BootCalls)
    }
    return always | declared | answered | called


def _is_data(field: int) -> bool:
    return field >= FIRST_PLANTED_FIELD


def lost_beacons(history: History) -> list[str]:
    """Return the sources of log lines from which a beacon did not come out."""
    arrived = Counter(
        hit.owner
        for line in history.of(LogLine)
        for hit in line.hits
        if hit.field == FIELD_BEACON and not is_tenant(hit.owner)
    )
    sent = Counter((one.owner, one.source) for one in history.of(BeaconSent))
    lost = {source for (owner, source), n in sent.items() if arrived[owner] < n}
    return sorted(lost)


def _channel_gaps(
    history: History, watched: set[Channel], required: Sequence[Channel]
) -> Iterator[Gap]:
    reasons = {
        Channel.BODY: "no tenant saw a planted value of its own in an answer",
        Channel.FILE: "no tenant saw a planted value of its own in a file",
        Channel.LOG: "the beacon sent to the app's log did not come out",
        Channel.METRIC: "the page of metrics neither named a tenant nor counted",
        Channel.SOCKET: "no tenant heard a planted value of its own on a socket",
        Channel.STREAM: "no tenant heard a planted value of its own in a stream",
        Channel.EGRESS: (
            "no request that the app made held a value of its own tenant"
            if any(history.of(Egress))
            else "the app made no request to the run's model provider or sink"
        ),
    }
    lost = lost_beacons(history)
    absent = set(Channel) - _offered(history) - set(required)
    for channel in Channel:
        if channel in watched or channel in absent:
            continue
        reason = reasons.get(channel, "no value came out of it that was supposed to")
        if channel is Channel.LOG and lost:
            reason += f" (through {', '.join(lost)})"
        yield Gap(f"channel {channel}", reason, floor=channel in required)
    yield from _blind_tenants(history, watched)
    yield from _deaf_listeners(history)
    if Channel.LOG in watched and not any(
        line.exchange for line in history.of(LogLine)
    ):
        reason = "the app itself logged nothing during any request"
        yield Gap("channel log", reason, floor=False)


def _deaf_listeners(history: History) -> Iterator[Gap]:
    """Yield what was listened to without a tenant ever hearing of its own."""
    opened = dict.fromkeys(
        (one.through, one.operation)
        for one in history.of(Exchange)
        if one.endless and one.principal.whole and one.succeeded
    )
    told = {(one.through, one.operation) for one, _ in _own_heard(history)}
    for through, operation in opened:
        if (through, operation) not in told:
            reason = "no tenant that listened heard a planted value of its own"
            yield Gap(f"{through} {operation}", reason, floor=False)


def _blind_tenants(history: History, watched: set[Channel]) -> Iterator[Gap]:
    if Channel.BODY not in watched:
        return
    sighted = {tenant for tenant, _ in _sightings(history)}
    for tenant in sorted(_tenants(history) - sighted):
        reason = "never saw a planted value of its own again, after it wrote it"
        yield Gap(f"tenant {alias(tenant)}", reason, floor=True)
