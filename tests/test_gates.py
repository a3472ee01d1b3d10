from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.gates import Gates, judge_run
from harness.model.budget import Budget
from harness.model.coverage import Gap
from harness.model.finding import Severity
from harness.model.measurement import Measurement
from harness.model.verdict import Outcome, Verdict
from tests.reports.results import a_coverage, a_finding

BELOW = Gap("POST /documents", "its owner's call failed", floor=True)
BESIDE = Gap("channel header", "no beacon came through", floor=False)


def test_nothing_found_and_enough_seen_passes() -> None:
    verdict = judge_run([], a_coverage(BESIDE), (), gates=Gates())

    assert verdict.outcome is Outcome.PASS
    assert verdict.reasons == ()


def test_too_little_seen_is_inconclusive_and_names_each_gap_of_the_floor() -> None:
    other = Gap("log in tenant B", "answered 401", floor=True)

    verdict = judge_run([], a_coverage(BELOW, other, BESIDE), (), gates=Gates())

    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reasons == (
        "below the floor: POST /documents: its owner's call failed",
        "below the floor: log in tenant B: answered 401",
    )


def test_a_proven_leak_outranks_too_little_seen_and_still_tells_of_it() -> None:
    verdict = judge_run([a_finding()], a_coverage(BELOW), (), gates=Gates())

    assert verdict.outcome is Outcome.FAIL
    assert verdict.reasons[0] == "1 finding: 1 critical"
    assert "B reads A's document" in verdict.reasons[1]
    assert verdict.reasons[2].startswith("below the floor: POST /documents")


@pytest.mark.parametrize(
    ("severity", "fail_on", "outcome"),
    [
        (Severity.MINOR, Severity.MINOR, Outcome.FAIL),
        (Severity.MINOR, Severity.MAJOR, Outcome.PASS),
        (Severity.MAJOR, Severity.MAJOR, Outcome.FAIL),
        (Severity.CRITICAL, Severity.MAJOR, Outcome.FAIL),
        (Severity.MAJOR, Severity.CRITICAL, Outcome.PASS),
        (Severity.CRITICAL, Severity.CRITICAL, Outcome.FAIL),
    ],
)
def test_a_finding_fails_the_gate_of_its_severity_and_of_lesser_ones(
    severity: Severity, fail_on: Severity, outcome: Outcome
) -> None:
    found = [a_finding(severity=severity)]

    verdict = judge_run(found, a_coverage(), (), gates=Gates(fail_on=fail_on))

    assert verdict.outcome is outcome


def test_findings_that_the_gate_lets_through_are_told_of() -> None:
    minor = a_finding(severity=Severity.MINOR)

    verdict = judge_run([minor], a_coverage(), (), gates=Gates(Severity.MAJOR))

    assert verdict.reasons == (
        "1 finding is below the gate, which fails on major or worse",
    )


@given(
    st.lists(st.sampled_from(Severity)),
    st.lists(st.booleans()),
    st.sampled_from(Severity),
)
def test_a_run_passes_only_without_failing_findings_and_gaps_of_the_floor(
    severities: list[Severity], floors: list[bool], fail_on: Severity
) -> None:
    findings = [a_finding(severity=one) for one in severities]
    gaps = [Gap(str(number), "why", floor) for number, floor in enumerate(floors)]

    verdict = judge_run(findings, a_coverage(*gaps), (), gates=Gates(fail_on))

    failing = any(one.rank <= fail_on.rank for one in severities)
    assert (verdict.outcome is Outcome.FAIL) == failing
    assert (verdict.outcome is Outcome.PASS) == (not failing and not any(floors))


READY = Measurement("ready", 1.5, "s", {"strategy": "eager", "tenants": "200"})
LAZY = Measurement("ready", 0.2, "s", {"strategy": "lazy", "tenants": "200"})


def gates(*budgets: str) -> Gates:
    return Gates(budgets=tuple(Budget.parse(one) for one in budgets))


def test_figures_within_their_budgets_pass() -> None:
    verdict = judge_run([], a_coverage(), (READY, LAZY), gates=gates("ready=1500ms"))

    assert verdict == Verdict(Outcome.PASS)


def test_a_figure_over_its_budget_fails_and_is_shown_beside_it() -> None:
    verdict = judge_run([], a_coverage(), (READY, LAZY), gates=gates("ready=1s"))

    assert verdict == Verdict(
        Outcome.FAIL,
        ("over budget: ready 1.5 s > 1 s (strategy eager, tenants 200)",),
    )


def test_the_figure_that_is_over_its_budget_most_comes_first() -> None:
    verdict = judge_run([], a_coverage(), (LAZY, READY), gates=gates("ready=100ms"))

    assert verdict.reasons == (
        "over budget: ready 1500 ms > 100 ms (strategy eager, tenants 200)",
        "over budget: ready 200 ms > 100 ms (strategy lazy, tenants 200)",
    )


def test_a_budget_for_some_figures_leaves_the_others_alone() -> None:
    wanted = gates("ready@strategy:lazy=1s")

    assert judge_run([], a_coverage(), (READY, LAZY), gates=wanted).outcome is (
        Outcome.PASS
    )


@pytest.mark.parametrize("budget", ["first_200=1s", "ready@strategy:warm=9s"])
def test_a_budget_of_which_nothing_was_measured_is_inconclusive(budget: str) -> None:
    verdict = judge_run([], a_coverage(), (READY, LAZY), gates=gates(budget))

    assert verdict == Verdict(
        Outcome.INCONCLUSIVE, (f"nothing was measured for the budget {budget}",)
    )


def test_a_budget_in_a_unit_of_another_kind_judges_nothing() -> None:
    verdict = judge_run([], a_coverage(), (READY,), gates=gates("ready=2MB"))

    assert verdict.outcome is Outcome.INCONCLUSIVE


def test_a_passed_budget_outranks_one_without_a_figure() -> None:
    wanted = gates("first_200=1s", "ready=1s")

    verdict = judge_run([], a_coverage(), (READY,), gates=wanted)

    assert verdict.outcome is Outcome.FAIL
    assert verdict.reasons[1] == "nothing was measured for the budget first_200=1s"


def test_figures_of_a_run_that_saw_too_little_decide_nothing_but_are_told() -> None:
    verdict = judge_run([], a_coverage(BELOW), (READY,), gates=gates("ready=1s"))

    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reasons[1].startswith("over budget: ready")


def test_a_finding_comes_before_a_passed_budget() -> None:
    verdict = judge_run([a_finding()], a_coverage(), (READY,), gates=gates("ready=1s"))

    assert verdict.outcome is Outcome.FAIL
    assert verdict.reasons[0] == "1 finding: 1 critical"
    assert verdict.reasons[2].startswith("over budget: ready")
