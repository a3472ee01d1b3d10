"""Findings in groups: those that most likely have one cause, under one heading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.model.event import Channel
from harness.model.finding import Finding
from harness.model.result import Result
from harness.model.tenant import alias
from harness.reports.text import plural


@dataclass(frozen=True, slots=True)
class Numbered:
    """A finding and its number in the report, from 1."""

    number: int
    finding: Finding


_NOUNS: Mapping[Channel, str] = {Channel.LOG: "logger", Channel.METRIC: "metric"}


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """Findings of one oracle on one form of identity.

    Attributes:
        meaning: What they come down to, in plain words.
        members: Worst first; at least one.
    """

    meaning: str
    members: tuple[Numbered, ...]

    @property
    def extent(self) -> str:
        """How many operations, loggers or metrics are concerned."""
        findings = [one.finding for one in self.members]
        channels = {finding.channel for finding in findings}
        count = len({finding.operation for finding in findings})
        noun = _NOUNS.get(channels.pop(), "") if len(channels) == 1 else ""
        return plural(count, noun or "operation")


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the findings of a group have in common."""

    oracle: str
    shape: str
    logged: bool
    hostile: bool


def grouped(result: Result) -> tuple[FindingGroup, ...]:
    """Put a result's findings into groups and number them.

    The group with the worst finding comes first, then the largest.
    """
    groups: dict[_Kind, list[Finding]] = {}
    for finding in sorted(result.findings, key=lambda one: one.severity.rank):
        groups.setdefault(_kind(finding, result.tenants), []).append(finding)
    # Sorting is stable: of equals, the one that was found first stays first.
    ordered = sorted(
        groups.items(), key=lambda item: (item[1][0].severity.rank, -len(item[1]))
    )
    numbered: list[FindingGroup] = []
    number = 1
    for kind, findings in ordered:
        members = tuple(map(Numbered, range(number, number + len(findings)), findings))
        numbered.append(FindingGroup(_meaning(kind, findings[0], result), members))
        number += len(findings)
    return tuple(numbered)


def _kind(finding: Finding, names: Mapping[str, str]) -> _Kind:
    # Where an identity is not whole, the name is not what lets it through.
    hostile = finding.shape == "another tenant" and (
        _is_hostile(finding.owner, names) or _is_hostile(finding.receiver, names)
    )
    logged = finding.channel is Channel.LOG
    return _Kind(finding.oracle, finding.shape, logged, hostile)


def _is_hostile(index: int | None, names: Mapping[str, str]) -> bool:
    """Whether a tenant's name means something to SQL unless it is quoted."""
    return any(sign in names.get(alias(index), "") for sign in "\"',")


def _meaning(kind: _Kind, first: Finding, result: Result) -> str:
    """Say what a group comes down to, by the example of its first finding."""
    template = _MEANINGS.get((kind.oracle, kind.logged, kind.shape))
    if template is None:
        return f"{kind.oracle}: {kind.shape}"
    return template.format(
        owner=_who(first.owner, result.tenants, hostile=kind.hostile),
        receiver=_who(first.receiver, result.tenants, hostile=kind.hostile),
    )


def _who(index: int | None, names: Mapping[str, str], *, hostile: bool) -> str:
    shown = hostile and _is_hostile(index, names)
    return f"{alias(index)} (hostile name)" if shown else alias(index)


_MEANINGS: Mapping[tuple[str, bool, str], str] = {
    ("access", False, "another tenant"): (
        "{receiver} reaches {owner}'s data with its own credential"
    ),
    ("access", False, "mixed"): "{receiver}'s credential works with {owner} selected",
    ("access", False, "no tenant"): (
        "{receiver}'s credential reaches {owner}'s data with no tenant selected"
    ),
    ("access", False, "no credential"): (
        "No credential is needed where {owner} is selected"
    ),
    ("access", False, "nobody"): (
        "{owner}'s data is open: no credential, no tenant selected"
    ),
    ("canary", False, "another tenant"): (
        "Data of {owner} comes out in answers to {receiver}"
    ),
    ("canary", False, "mixed"): (
        "Data of {owner} comes out for {receiver}'s credential with another selected"
    ),
    ("canary", False, "no tenant"): (
        "Data of {owner} comes out for {receiver} with no tenant selected"
    ),
    ("canary", False, "no credential"): "Data of {owner} comes out without credential",
    ("canary", False, "nobody"): (
        "Data of {owner} comes out with no credential and no tenant selected"
    ),
    (
        "canary",
        True,
        "another tenant",
    ): "Data of {owner} is logged for others' requests",
    ("canary", True, "own data"): "Data of {owner} is logged for its own requests",
    ("egress", False, "another tenant"): (
        "Data of {owner} leaves the app for {receiver}'s address or key"
    ),
    ("egress", False, "two tenants"): (
        "Data of {owner} and {receiver} leave the app in one request"
    ),
    ("egress", False, "another tenant's request"): (
        "Data of {owner} leaves the app while it serves {receiver}"
    ),
    ("egress", False, "secret"): "A credential of {owner} leaves the app",
    ("egress", False, "key used by another tenant"): (
        "{owner}'s key at the provider is used for {receiver}"
    ),
    ("egress", False, "key used by no credential"): (
        "{owner}'s key at the provider is used without credential"
    ),
    ("egress", False, "another tenant's key"): (
        "{receiver} is not served where {owner}'s key at the provider is used up"
    ),
    ("lifecycle", False, "twice"): "A tenant is initialised twice, such as {owner}",
    ("lifecycle", False, "too early"): (
        "A tenant is served before it is ready, such as {owner}"
    ),
    ("lifecycle", False, "not closed"): (
        "A tenant's resource is not closed at shutdown, such as {owner}'s"
    ),
    ("lifecycle", False, "left open"): "A connection is left open at shutdown",
    ("lifecycle", False, "too many"): (
        "There are more connections than the target accounts for"
    ),
    ("lifecycle", False, "not served"): (
        "A tenant is not served after a start, such as {owner}"
    ),
    ("lifecycle", False, "called too often"): (
        "The model provider is called too often by a start"
    ),
    ("canary", False, "metrics"): "Metrics show tenants' data, such as {owner}'s",
    ("label", False, "wrong"): "Metrics count one tenant's requests for another",
    ("label", True, "missing"): "Log lines name no tenant",
    ("label", True, "wrong"): "Log lines name the wrong tenant",
}
