from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from harness.model.event import Channel
from harness.model.finding import Finding, Severity
from harness.model.result import Result
from harness.reports.groups import grouped
from harness.reports.terminal import render
from tests.reports.results import READ, a_finding, a_result, an_unlabelled_line

LIST, DELETE = "GET /documents", "DELETE /documents/{document_id}"
REMOVED = "made A's object unreachable for its owner"
PLAIN = {"A": "Acme", "B": "Bolt", "D": 'Dent", "Acme'}


def a_result_of(*findings: Finding) -> Result:
    return replace(a_result(*findings), tenants=PLAIN)


def meanings(result: Result) -> list[str]:
    return [group.meaning for group in grouped(result)]


def with_one_cause() -> Result:
    deleted = a_finding(DELETE, what=REMOVED)
    other_way = replace(a_finding(), owner=1, receiver=0)
    return a_result_of(deleted, a_finding(LIST), other_way, an_unlabelled_line())


def test_findings_of_one_oracle_on_one_form_of_identity_are_a_group() -> None:
    mixed, label = grouped(with_one_cause())

    assert mixed.meaning == "B's credential works with A selected"
    assert mixed.extent == "3 operations"
    assert label.meaning == "Log lines name no tenant"
    assert label.extent == "1 logger"


def test_a_leak_to_a_hostile_name_is_apart_from_one_between_plain_names() -> None:
    plain = a_finding(shape="another tenant")
    hostile = replace(a_finding(LIST, shape="another tenant"), receiver=3)

    assert meanings(a_result_of(plain, hostile)) == [
        "B reaches A's data with its own credential",
        "D (hostile name) reaches A's data with its own credential",
    ]


def test_a_hostile_name_does_not_split_what_mixed_identities_reach() -> None:
    hostile = replace(a_finding(LIST), receiver=3)

    assert len(grouped(a_result_of(a_finding(), hostile))) == 1


def test_what_is_logged_is_apart_from_what_is_answered() -> None:
    answered = replace(a_finding(shape="another tenant"), oracle="canary")
    logged = replace(answered, channel=Channel.LOG, operation="log app")

    assert meanings(a_result_of(answered, logged)) == [
        "Data of A comes out in answers to B",
        "Data of A is logged for others' requests",
    ]


def test_a_form_that_has_no_words_yet_is_named_as_it_is() -> None:
    unknown = replace(a_finding(shape="both"), oracle="collision")

    assert meanings(a_result_of(unknown)) == ["collision: both"]


def test_the_group_with_the_worst_finding_comes_first_then_the_largest() -> None:
    minor = [
        a_finding(f"GET /{n}", shape="nobody", severity=Severity.MINOR)
        for n in range(5)
    ]
    small = a_finding(shape="no tenant")
    large = [a_finding(LIST), a_finding(DELETE)]

    groups = grouped(a_result_of(*minor, small, *large))

    assert [group.members[0].finding.shape for group in groups] == [
        "mixed",
        "no tenant",
        "nobody",
    ]


SHAPES = st.sampled_from(["mixed", "another tenant", "nobody", "own data"])
FINDINGS = st.lists(
    st.builds(
        lambda severity, shape, owner: replace(
            a_finding(severity=severity, shape=shape), owner=owner
        ),
        st.sampled_from(Severity),
        SHAPES,
        st.sampled_from([None, 0, 3]),
    ),
    max_size=12,
)


@given(FINDINGS)
def test_every_finding_has_one_number_in_the_order_in_which_it_is_shown(
    findings: list[Finding],
) -> None:
    groups = grouped(a_result_of(*findings))
    members = [one for group in groups for one in group.members]

    assert [one.number for one in members] == list(range(1, len(findings) + 1))
    assert sorted(map(repr, findings)) == sorted(repr(one.finding) for one in members)
    for group in groups:
        ranks = [one.finding.severity.rank for one in group.members]
        assert ranks == sorted(ranks)


def test_the_first_of_a_group_is_told_in_full_and_the_others_on_a_line_each() -> None:
    lines = render(with_one_cause(), width=100).splitlines()

    assert "FOUND  4 findings in 2 groups" in lines
    assert "■ B's credential works with A selected — 3 operations" in lines
    first, second, third = (f.fingerprint for f in with_one_cause().findings[:3])
    assert any("harness replay" in line and first in line for line in lines)
    assert not any("harness replay" in line and second in line for line in lines)
    (row,) = (line for line in lines if line.endswith(second))
    assert row.split() == [
        *("2.", "critical", *LIST.split()),
        *("A's", "POST", "/documents", "body.title", second),
    ]
    (row,) = (line for line in lines if line.endswith(third))
    assert f"3. critical  {READ}" in row
    assert "to A: B's" in row


def test_all_findings_are_told_in_full_when_asked_for() -> None:
    brief, full = (render(with_one_cause(), full=full) for full in (False, True))

    assert "harness report .harness/runs/20260101-120000-abcd --full" in brief
    assert "harness report" not in full
    for finding in with_one_cause().findings[:3]:
        assert "harness replay .harness/runs/20260101-120000-abcd " in full
        assert finding.fingerprint in full
    assert full.count("reproduce") == 4


def test_nothing_points_to_more_where_there_is_no_more() -> None:
    assert "harness report" not in render(a_result_of(a_finding()))


def test_a_row_is_one_line_at_eighty_columns_whatever_it_has_to_say() -> None:
    others = [a_finding(f"GET /d{n}", what="word " * 40) for n in range(5)]

    lines = render(a_result_of(a_finding(), *others), width=80).splitlines()

    starts = [f"  {number}. critical  GET /d" for number in range(2, 7)]
    rows = [line for line in lines if line.startswith(tuple(starts))]
    assert [row.split()[-1] for row in rows] == [one.fingerprint for one in others]
    assert all(len(line) <= 80 for line in rows)


def test_a_long_operation_is_folded_but_never_cut() -> None:
    result = a_result_of(a_finding(), a_finding(f"GET /{'Ω' * 100}"))

    assert render(result, width=80).count("Ω") == 100


def test_metrics_have_words_of_their_own_and_readers_for_receivers() -> None:
    shown = replace(
        a_finding("metric requests_total", shape="metrics"),
        oracle="canary",
        channel=Channel.METRIC,
        receiver=None,
    )
    counted = replace(shown, oracle="label", shape="wrong")
    result = a_result_of(shown, counted)

    assert sorted(meanings(result)) == [
        "Metrics count one tenant's requests for another",
        "Metrics show tenants' data, such as A's",
    ]
    assert {group.extent for group in grouped(result)} == {"1 metric"}
    assert "whoever reads the metrics" in render(result)
