"""Coverage: what a history shows to have been seen, and what not."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from harness.checkers.channels import (
    AS_OWNER,
    channel_gaps,
    is_data,
    owners,
    sightings,
    watched_channels,
)
from harness.model.coverage import Coverage, Gap
from harness.model.event import Audience, Channel, Declared, Exchange, Unseen
from harness.model.step import Role
from harness.model.tenant import alias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.model.history import History


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
    gaps += channel_gaps(history, watched, channels)
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
    tenants = owners(history)
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
    seen = {field for _, field in sightings(history)}
    return {field for field in planted if is_data(field)}, seen
