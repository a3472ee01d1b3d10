"""Access: an operation on a tenant's object works for somebody else.

A status alone decides nothing: an id may exist in both tenants, and then the
other's own row is the right answer. The owner's canaries in the answer decide,
and what the owner reads before and after.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from harness.checkers.who import (
    CHANCE,
    Pairs,
    overheard,
    private,
    severity,
    shape,
    written_so_far,
)
from harness.model.event import ANSWERS, Audience, Channel, Exchange
from harness.model.finding import Evidence, Finding, Severity, merged
from harness.model.step import Role
from harness.model.tenant import STRANGER, alias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.model.history import History

UNDECIDED: Final = frozenset({401, 408, 425, 429})
"""Refusals that say nothing of an object: to log in again, or to wait."""


Readings = tuple[Exchange, ...]


def access(history: History) -> list[Finding]:
    """Find each operation that worked for somebody other than the owner."""
    rereads = _rereads(history)
    written = written_so_far(history)
    found: list[Finding] = []
    for probe in history.of(Exchange):
        if not _tries(probe):
            continue
        if probe.succeeded:
            own = written.get(probe.id, frozenset())
            found.extend(_read(history, probe, own))
        for before, afters in rereads.get(probe.id, ()):
            told = tuple(one for one in afters if one.status not in UNDECIDED)
            if before.succeeded and told:
                found.extend(_effect(probe, before, told))
    return merged([*found, *_listened(history)])


def _listened(history: History) -> Iterator[Finding]:
    """Find what a listener heard who is not the owner of what it listens to."""
    exchanges = history.exchanges()
    for heard, opening, own in overheard(history):
        if not _tries(opening):
            continue
        hits = [
            hit
            for hit in heard.hits
            if hit.owner == opening.owner and private(history, opening, hit, own)
        ]
        if hits:
            cause = exchanges.get(heard.during, opening)
            hit = min(hits, key=lambda one: one.rate)
            what = history.label(hit.field)
            evidence = Evidence(cause.id, f"{cause.request} → {hit.excerpt}")
            told = f"was told {_whose(opening)} {what}"
            finding = _finding(opening, told, what, evidence)
            yield replace(finding, severity=severity(hit), channel=heard.channel)


def _tries(probe: Exchange) -> bool:
    """Whether somebody tries what belongs to somebody else."""
    if probe.role is not Role.PROBE or probe.audience is not Audience.TENANT:
        return False
    return probe.owner is not None and probe.owner != probe.principal.credential


def _rereads(history: History) -> dict[int, list[tuple[Exchange, Readings]]]:
    """Join what the owner read before and after each probe, by request.

    Readings between which the owner itself changed something say nothing.
    """
    before: dict[tuple[int, str], tuple[Exchange, int]] = {}
    afters: dict[tuple[int, str], Readings] = {}
    changes: Counter[int | None] = Counter()
    for exchange in history.of(Exchange):
        who = exchange.principal.credential
        if exchange.precedes:
            before[exchange.precedes, exchange.request] = (exchange, changes[who])
        elif exchange.follows:
            key = (exchange.follows, exchange.request)
            if key in before and before[key][1] == changes[who]:
                afters[key] = (*afters.get(key, ()), exchange)
        elif exchange.mutates and exchange.role is not Role.LOGIN:
            changes[who] += 1
    joined: dict[int, list[tuple[Exchange, Readings]]] = defaultdict(list)
    for key, read in afters.items():
        joined[key[0]].append((before[key][0], read))
    return joined


def _read(history: History, probe: Exchange, own: Pairs) -> Iterator[Finding]:
    hits = [
        found.hit
        for found in probe.found
        if found.hit.owner == probe.owner and private(history, probe, found.hit, own)
    ]
    if hits:
        hit = min(hits, key=lambda one: one.rate)
        what = history.label(hit.field)
        evidence = Evidence(probe.id, f"{probe.request} → {hit.excerpt}")
        finding = _finding(
            probe, f"answered with {_whose(probe)} {what}", what, evidence
        )
        yield replace(finding, severity=severity(hit), channel=probe.through)


def _effect(probe: Exchange, before: Exchange, afters: Readings) -> Iterator[Finding]:
    after = afters[0]
    did = f"{probe.request} → {probe.status}; then its owner's {after.request}"
    change, shown = _change(probe, before, afters)
    if change:
        yield _finding(probe, change, change, Evidence(after.id, f"{did} {shown}"))
    elif len(afters) > 1 and _settled_elsewhere(before, afters):
        change = f"changed what {alias(probe.owner)} reads"
        shown = f"answered otherwise than before, and stays so ({before.size} to "
        shown += f"{after.size} bytes)"
        finding = _finding(probe, change, "view", Evidence(after.id, f"{did} {shown}"))
        yield replace(finding, severity=Severity.MAJOR, circumstantial=True)


def _settled_elsewhere(before: Exchange, afters: Readings) -> bool:
    """Whether a reading that repeats itself is another one than before.

    What differs from one reading to the next, such as a time, is no effect.
    """
    digests = {one.digest for one in afters}
    return (
        all(one.succeeded for one in afters)
        and len(digests) == 1
        and before.digest not in digests
    )


def _change(probe: Exchange, before: Exchange, afters: Readings) -> tuple[str, str]:
    """Say what the owner's view lost or gained, and how it shows; "" for nothing."""
    after = afters[0]
    if 400 <= after.status < 500:
        effect = f"made {_whose(probe)} object unreachable for its owner"
        return effect, f"answers {after.status}, before {before.status}"
    if not after.succeeded:
        return "", ""
    author = probe.principal.credential
    author = STRANGER if author is None else author
    seen, left = _owners_fields(before), _owners_fields(after)
    if any(owner == author for owner, _ in left - seen):
        return f"wrote into {_whose(probe)} data", f"shows a value of {alias(author)}'s"
    if any(owner == probe.owner for owner, _ in seen - left):
        return f"changed {_whose(probe)} data", "has lost a value of the owner's"
    return _resized(probe, before, afters)


def _resized(probe: Exchange, before: Exchange, afters: Readings) -> tuple[str, str]:
    """Say whether the owner's list grew or shrank, as `_change` does.

    A list that differs each time, such as one of who has read, tells nothing.
    """
    counts = {one.objects for one in afters if one.succeeded}
    after = afters[0].objects
    if len(counts) > 1 or before.objects < 0 or after in {-1, before.objects}:
        return "", ""
    verb = "removed" if after < before.objects else "added"
    effect = f"{verb} an object in {_whose(probe)} list"
    return effect, f"lists {after} objects, before {before.objects}"


def _owners_fields(exchange: Exchange) -> set[tuple[int, int]]:
    return {
        (found.hit.owner, found.hit.field)
        for found in exchange.found
        if found.channel in ANSWERS and found.hit.rate <= CHANCE
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
