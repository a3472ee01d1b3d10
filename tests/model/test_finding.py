"""Findings: what makes two the same, and what is kept of both."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.event import Channel
from harness.model.finding import MOST_FACTS, Evidence, Finding, Severity, merged
from harness.model.step import Principal, Role, Step

ONE = Finding(
    oracle="access",
    severity=Severity.MAJOR,
    channel=Channel.BODY,
    operation="GET /documents/{id}",
    owner=0,
    receiver=1,
    what="POST /documents body.title",
    shape="another tenant",
    summary="B reads A's document",
    evidence=(Evidence(7, "as B"),),
)
SCRIPT = (Step(ONE.operation, Principal(1, 1), 0, Role.PROBE),)


@pytest.mark.parametrize(
    "other",
    [
        replace(ONE, oracle="canary"),
        replace(ONE, channel=Channel.HEADER),
        replace(ONE, operation="GET /documents"),
        replace(ONE, shape="mixed"),
    ],
)
def test_another_bug_has_another_fingerprint(other: Finding) -> None:
    assert other.fingerprint != ONE.fingerprint
    assert len(merged([ONE, other])) == 2


def test_the_same_bug_in_another_run_has_the_same_fingerprint() -> None:
    again = replace(
        ONE,
        severity=Severity.CRITICAL,
        owner=1,
        receiver=0,
        what="another field",
        summary="A reads B's document",
        evidence=(),
        count=9,
        script=SCRIPT,
    )

    assert again.fingerprint == ONE.fingerprint
    assert len(ONE.fingerprint) == 12


def test_texts_that_meet_at_a_border_are_told_apart() -> None:
    left = replace(ONE, operation="GET /a", shape="b")
    right = replace(ONE, operation="GET /", shape="ab")

    assert left.fingerprint != right.fingerprint


def test_the_worst_leads_its_evidence_first_and_all_are_counted() -> None:
    worst = replace(
        ONE,
        severity=Severity.CRITICAL,
        summary="the worst",
        evidence=(Evidence(9, "sure"),),
        count=2,
    )

    [joined] = merged([ONE, worst, replace(ONE, severity=Severity.MINOR)])

    assert joined.summary == "the worst"
    assert joined.severity is Severity.CRITICAL
    assert joined.evidence == (Evidence(9, "sure"), Evidence(7, "as B"))
    assert joined.count == 4


def test_of_equals_the_earliest_leads() -> None:
    later = replace(ONE, summary="later", evidence=(Evidence(8, "again"),))

    [joined] = merged([ONE, later])

    assert joined.summary == ONE.summary
    assert [fact.exchange for fact in joined.evidence] == [7, 8]


def test_the_worst_ones_proof_is_kept_however_many_there_are() -> None:
    weak = [replace(ONE, evidence=(Evidence(n, "weak"),)) for n in range(1, 9)]
    sure = replace(ONE, severity=Severity.CRITICAL, evidence=(Evidence(99, "sure"),))

    [joined] = merged([*weak, sure])

    assert joined.evidence[0].exchange == 99
    assert len(joined.evidence) == MOST_FACTS
    assert joined.count == 9


def test_a_script_is_kept_whoever_brings_it() -> None:
    worst = replace(ONE, severity=Severity.CRITICAL)

    [joined] = merged([ONE.with_script(SCRIPT), worst])

    assert joined.severity is Severity.CRITICAL
    assert joined.script == SCRIPT


def test_the_worst_come_first_then_by_operation() -> None:
    findings = [
        replace(ONE, severity=Severity.MINOR, operation="GET /a"),
        replace(ONE, severity=Severity.CRITICAL, operation="GET /c"),
        replace(ONE, severity=Severity.CRITICAL, operation="GET /b"),
    ]

    assert [one.operation for one in merged(findings)] == ["GET /b", "GET /c", "GET /a"]


@given(
    st.lists(
        st.builds(
            lambda severity, operation, shape, exchange: replace(
                ONE,
                severity=severity,
                operation=operation,
                shape=shape,
                evidence=(Evidence(exchange, "seen"),),
            ),
            st.sampled_from(Severity),
            st.sampled_from(["GET /a", "GET /b"]),
            st.sampled_from(["mixed", "nobody"]),
            st.integers(0, 9),
        )
    )
)
def test_merging_loses_no_bug_and_merging_again_changes_nothing(
    findings: list[Finding],
) -> None:
    once = merged(findings)

    assert merged(once) == once
    assert sum(one.count for one in once) == len(findings)
    for one in once:
        alike = [f for f in findings if f.fingerprint == one.fingerprint]
        assert one.severity.rank == min(f.severity.rank for f in alike)
        assert one.evidence[0] in {
            f.evidence[0] for f in alike if f.severity is one.severity
        }
    assert {f.fingerprint for f in findings} == {f.fingerprint for f in once}
