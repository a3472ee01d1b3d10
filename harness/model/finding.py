"""A finding: a violated oracle, with its evidence and its reproduction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum

from harness.model.event import Channel
from harness.model.race import Interleaving
from harness.model.step import Step

MOST_FACTS = 5
"""How many facts a merged finding shows."""


class Severity(StrEnum):
    """How bad it is; findings of any severity fail the default gate."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return ("critical", "major", "minor").index(self.value)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact that shows the violation.

    Attributes:
        exchange: Id of the exchange; 0 for none.
        text: What it shows, one line.
    """

    exchange: int
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A violated oracle.

    Attributes:
        oracle: Name of the checker: ``canary``, ``access``, ``label``, …
        severity: How bad.
        channel: Where it came out.
        operation: Key of the operation, or the logger's or the metric's name.
        owner: Whose data; None where no single tenant is the victim.
        receiver: Who got it; None for somebody without any identity.
        what: The field or effect, ``"POST /documents body.title"``, ``"deleted"``.
        shape: Form of the principal: ``another tenant``, ``mixed``,
            ``no credential``, ``no tenant``, ``nobody``; of a log line: ``own data``,
            ``another tenant``; of a page of metrics: ``metrics``; of a label:
            ``missing``, ``wrong``.
        summary: One sentence for people.
        evidence: Facts, the first being the strongest.
        count: How many times it was seen.
        script: Steps that reproduce it on a fresh state; empty if not yet known.
        interleaving: The order of events that shows it; None unless that matters.
        circumstantial: Whether chance could explain it, so that it counts only
            once it has shown again on a fresh state.
    """

    oracle: str
    severity: Severity
    channel: Channel
    operation: str
    owner: int | None
    receiver: int | None
    what: str
    shape: str
    summary: str
    evidence: tuple[Evidence, ...]
    count: int = 1
    script: tuple[Step, ...] = ()
    interleaving: Interleaving | None = None
    circumstantial: bool = False

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits: the same for the same bug in any run."""
        key = [self.oracle, self.channel, self.operation, self.shape]
        if self.circumstantial:
            key.append("circumstantial")
        return hashlib.sha256("\0".join(key).encode()).hexdigest()[:12]

    def with_script(self, script: tuple[Step, ...]) -> Finding:
        """Return the finding with the steps that reproduce it."""
        return replace(self, script=script)


def merged(findings: list[Finding]) -> list[Finding]:
    """Join findings of the same fingerprint; the worst and earliest one leads.

    Its evidence comes first, as the strongest; five facts are kept.
    """
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.fingerprint, []).append(finding)
    leading = []
    for group in groups.values():
        group.sort(key=lambda finding: finding.severity.rank)
        facts = dict.fromkeys(fact for one in group for fact in one.evidence)
        leading.append(
            replace(
                group[0],
                evidence=tuple(facts)[:MOST_FACTS],
                count=sum(one.count for one in group),
                script=next((one.script for one in group if one.script), ()),
                interleaving=next(
                    (one.interleaving for one in group if one.interleaving), None
                ),
            )
        )
    return sorted(leading, key=lambda f: (f.severity.rank, f.operation, f.shape))
