from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.gates import Gates, judge_run
from harness.model.coverage import Gap
from harness.model.finding import Severity
from harness.model.verdict import Outcome
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
