"""Findings about what a process of the app does, rather than what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.model.boot import Boot
from harness.model.event import Channel
from harness.model.finding import Evidence, Finding, Severity
from harness.model.race import Scheduled

if TYPE_CHECKING:
    from harness.model.history import History

_MOST: Final = 5


def process_finding(
    operation: str,
    shape: str,
    summary: str,
    *facts: str | Evidence,
    owner: int | None = None,
    receiver: int | None = None,
    severity: Severity = Severity.MAJOR,
) -> Finding:
    """Make a finding of the lifecycle oracle.

    Args:
        operation: The request's operation, or the import string of an initialiser.
        shape: What is wrong; part of the fingerprint.
        summary: One sentence for people.
        facts: What shows it, the strongest first.
        owner: Who suffers.
        receiver: Who got what is another's.
        severity: How bad.
    """
    evidence = (one if isinstance(one, Evidence) else Evidence(0, one) for one in facts)
    return Finding(
        oracle="lifecycle",
        severity=severity,
        channel=Channel.PROCESS,
        operation=operation,
        owner=owner,
        receiver=receiver,
        what=shape,
        shape=shape,
        summary=summary,
        evidence=tuple(evidence)[:_MOST],
    )


@dataclass(frozen=True, slots=True)
class Start:
    """A start of the app, and how it is called in a finding: alike in each trial.

    Attributes:
        boot: The start.
        scenario: Name of the scenario that it is a schedule of; "" if of none.
    """

    boot: Boot
    scenario: str = ""

    def __str__(self) -> str:
        told = f"scenario {self.scenario}" if self.scenario else ""
        way = f"strategy {self.boot.strategy}" if self.boot.strategy else ""
        tenants = f"{self.boot.tenants} tenants"
        return ", ".join(one for one in (told, way, tenants) if one)


def starts_of(history: History) -> Mapping[int, Start]:
    """Return the starts of a history by number."""
    scenarios = {one.schedule: one.scenario for one in history.of(Scheduled)}
    return {
        boot.number: Start(boot, scenarios.get(boot.number, ""))
        for boot in history.of(Boot)
    }


def short(what: str) -> str:
    """Return an import string without its module."""
    return what.rpartition(":")[2]
