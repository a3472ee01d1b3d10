"""Access: an operation on a tenant's object works for somebody else.

A status alone decides nothing: an id may exist in both tenants, and then the
other's own row is the right answer. The owner's canaries in the answer decide,
and what the owner reads before and after.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from harness.checkers.who import CHANCE, private, severity, shape
from harness.model.event import Audience, Channel, Exchange
from harness.model.finding import Evidence, Finding, Severity, merged
from harness.model.step import Role
from harness.model.tenant import STRANGER, alias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.model.history import History

UNDECIDED: Final = frozenset({401, 408, 425, 429})
"""Refusals that say nothing of an object: to log in again, or to wait."""


def access(history: History) -> list[Finding]:
    """Find each operation that worked for somebody other than the owner."""
    controls = {
        (exchange.operation, exchange.owner)
        for exchange in history.of(Exchange)
        if exchange.role in {Role.CONTROL, Role.SEED} and exchange.succeeded
    }
    rereads = _rereads(history)
    found: list[Finding] = []
    for probe in history.of(Exchange):
        if probe.role is not Role.PROBE or probe.audience is not Audience.TENANT:
            continue
        if probe.owner is None or probe.owner == probe.principal.credential:
            continue
        if (probe.operation, probe.owner) in controls and probe.succeeded:
            found.extend(_read(history, probe))
        for before, after in rereads.get(probe.id, ()):
            found.extend(_effect(history, probe, before, after))
    return merged(found)


def _rereads(history: History) -> dict[int, list[tuple[Exchange, Exchange]]]:
    """Pair what the owner read before and after each probe, by request.

    Readings between which the owner itself changed something say nothing.
    """
    before: dict[tuple[int, str], tuple[Exchange, int]] = {}
    pairs: dict[int, list[tuple[Exchange, Exchange]]] = {}
    changes: Counter[int | None] = Counter()
    for exchange in history.of(Exchange):
        who = exchange.principal.credential
        if exchange.precedes:
            before[exchange.precedes, exchange.request] = (exchange, changes[who])
        elif exchange.follows:
            earlier = before.get((exchange.follows, exchange.request))
            if earlier is not None and earlier[1] == changes[who]:
                pairs.setdefault(exchange.follows, []).append((earlier[0], exchange))
        elif exchange.mutates and exchange.role is not Role.LOGIN:
            changes[who] += 1
    return pairs


def _read(history: History, probe: Exchange) -> Iterator[Finding]:
    hits = [
        found.hit
        for found in probe.found
        if found.hit.owner == probe.owner and private(history, probe, found.hit)
    ]
    if hits:
        hit = min(hits, key=lambda one: one.rate)
        what = history.label(hit.field)
        evidence = Evidence(probe.id, f"{probe.request} → {hit.excerpt}")
        finding = _finding(
            probe, f"answered with {_whose(probe)} {what}", what, evidence
        )
        yield replace(finding, severity=severity(hit))


def _effect(
    history: History, probe: Exchange, before: Exchange, after: Exchange
) -> Iterator[Finding]:
    if not before.succeeded:
        return
    change = _change(probe, before, after)
    if change:
        text = f"{probe.request} → {probe.status}; then as its owner {after.request}"
        evidence = Evidence(after.id, f"{text}: {before.status} became {after.status}")
        yield _finding(probe, change, change, evidence)


def _change(probe: Exchange, before: Exchange, after: Exchange) -> str:
    """Say what the owner's view of its data lost or gained; "" for nothing."""
    if 400 <= after.status < 500 and after.status not in UNDECIDED:
        return f"made {_whose(probe)} object unreachable for its owner"
    if not after.succeeded:
        return ""
    author = probe.principal.credential
    author = STRANGER if author is None else author
    seen, left = _owners_fields(before), _owners_fields(after)
    if any(owner == author for owner, _ in left - seen):
        return f"wrote into {_whose(probe)} data"
    if any(owner == probe.owner for owner, _ in seen - left):
        return f"changed {_whose(probe)} data"
    if before.objects >= 0 and after.objects >= 0 and after.objects != before.objects:
        verb = "removed" if after.objects < before.objects else "added"
        return f"{verb} an object in {_whose(probe)} list"
    return ""


def _owners_fields(exchange: Exchange) -> set[tuple[int, int]]:
    return {
        (found.hit.owner, found.hit.field)
        for found in exchange.found
        if found.channel is Channel.BODY and found.hit.rate <= CHANCE
    }


def _whose(probe: Exchange) -> str:
    return f"{alias(probe.owner)}'s"


def _finding(probe: Exchange, effect: str, what: str, evidence: Evidence) -> Finding:
    return Finding(
        oracle="access",
        severity=Severity.CRITICAL,
        channel=Channel.BODY,
        operation=probe.operation,
        owner=probe.owner,
        receiver=probe.principal.credential,
        what=what,
        shape=shape(probe.principal),
        summary=f"{probe.operation} by {probe.principal} {effect}",
        evidence=(evidence,),
    )
