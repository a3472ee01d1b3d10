"""Gates: findings, coverage and measurements in, the verdict out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.model.coverage import Coverage, Gap
from harness.model.finding import Finding, Severity
from harness.model.measurement import Measurement
from harness.model.verdict import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Gates:
    """The thresholds of a run.

    Attributes:
        fail_on: A finding of this severity, or a worse one, fails the run.
    """

    fail_on: Severity = Severity.MINOR


def judge_run(
    findings: Sequence[Finding],
    coverage: Coverage,
    measurements: Sequence[Measurement],
    *,
    gates: Gates,
) -> Verdict:
    """Decide what a run says of the app.

    A failing finding outranks everything; too little coverage outranks a pass.

    Args:
        findings: What the checkers found.
        coverage: What the run saw.
        measurements: Figures of the run; `gates` sets no budget on them.
        gates: The thresholds.
    """
    failing = [one for one in findings if one.severity.rank <= gates.fail_on.rank]
    below = tuple(_below(gap) for gap in coverage.below_floor)
    if failing:
        reasons = (_counted(failing, gates.fail_on), *(_named(one) for one in failing))
        return Verdict(Outcome.FAIL, reasons + below)
    tolerated = _tolerated(len(findings), gates.fail_on)
    if below:
        return Verdict(Outcome.INCONCLUSIVE, below + tolerated)
    return Verdict(Outcome.PASS, tolerated)


def _counted(failing: Sequence[Finding], limit: Severity) -> str:
    """Say how many findings fail the gate, worst severity first."""
    counts = ((one, sum(f.severity is one for f in failing)) for one in Severity)
    figures = ", ".join(f"{count} {one}" for one, count in counts if count)
    noun = "finding" if len(failing) == 1 else "findings"
    bound = "" if limit is Severity.MINOR else f" (fails on {limit} or worse)"
    return f"{len(failing)} {noun}: {figures}{bound}"


def _named(finding: Finding) -> str:
    return f"{finding.severity} on {finding.operation}: {finding.summary}"


def _below(gap: Gap) -> str:
    return f"below the floor: {gap.what}: {gap.reason}"


def _tolerated(count: int, limit: Severity) -> tuple[str, ...]:
    """Say that there are findings which the gate lets through."""
    if not count:
        return ()
    noun = "finding is" if count == 1 else "findings are"
    return (f"{count} {noun} below the gate, which fails on {limit} or worse",)
