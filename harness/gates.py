"""Gates: findings, coverage and measurements in, the verdict out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.model.budget import Budget
from harness.model.coverage import Coverage, Gap
from harness.model.finding import Finding, Severity
from harness.model.measurement import Measurement
from harness.model.verdict import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Gates:
    """The thresholds of a run.

    Attributes:
        fail_on: A finding of this severity, or a worse one, fails the run.
        budgets: The most that measured figures may be.
    """

    fail_on: Severity = Severity.MINOR
    budgets: tuple[Budget, ...] = ()


def judge_run(
    findings: Sequence[Finding],
    coverage: Coverage,
    measurements: Sequence[Measurement],
    *,
    gates: Gates,
) -> Verdict:
    """Decide what a run says of the app.

    A failing finding outranks everything. Too little coverage outranks budgets: what
    was measured by a run that did not see enough decides nothing. A budget that is
    passed outranks one of which nothing was measured.

    Args:
        findings: What the checkers found.
        coverage: What the run saw.
        measurements: Figures of the run.
        gates: The thresholds.
    """
    failing = [one for one in findings if one.severity.rank <= gates.fail_on.rank]
    below = tuple(_below(gap) for gap in coverage.below_floor)
    passed = _passed(gates.budgets, measurements)
    unmeasured = _unmeasured(gates.budgets, measurements)
    if failing:
        reasons = (_counted(failing, gates.fail_on), *(_named(one) for one in failing))
        return Verdict(Outcome.FAIL, (*reasons, *passed, *below, *unmeasured))
    rest = (*unmeasured, *_tolerated(len(findings), gates.fail_on))
    if below:
        return Verdict(Outcome.INCONCLUSIVE, (*below, *passed, *rest))
    if passed:
        return Verdict(Outcome.FAIL, (*passed, *rest))
    if unmeasured:
        return Verdict(Outcome.INCONCLUSIVE, rest)
    return Verdict(Outcome.PASS, rest)


def _passed(
    budgets: Sequence[Budget], measurements: Sequence[Measurement]
) -> tuple[str, ...]:
    """Name each figure that is over its budget, the worst first."""
    over = [
        (excess, budget, figure)
        for budget in budgets
        for figure in _figures(budget, measurements)
        if (excess := budget.excess(figure)) > 1
    ]
    over.sort(key=lambda one: one[0], reverse=True)
    return tuple(_over(budget, figure) for _, budget, figure in over)


def _unmeasured(
    budgets: Sequence[Budget], measurements: Sequence[Measurement]
) -> tuple[str, ...]:
    return tuple(
        f"nothing was measured for the budget {budget}"
        for budget in budgets
        if not _figures(budget, measurements)
    )


def _figures(
    budget: Budget, measurements: Sequence[Measurement]
) -> tuple[Measurement, ...]:
    return tuple(
        one
        for one in measurements
        if budget.holds_for(one) and budget.comparable(one.unit)
    )


def _over(budget: Budget, figure: Measurement) -> str:
    labels = ", ".join(f"{name} {value}" for name, value in figure.labels.items())
    where = f" ({labels})" if labels else ""
    measured = budget.shown(budget.same_unit(figure))
    return (
        f"over budget: {figure.name} {measured} > {budget.shown(budget.limit)}{where}"
    )


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
