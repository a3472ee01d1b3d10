from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import Element, fromstring

from hypothesis import given
from hypothesis import strategies as st

from harness.model.coverage import Gap
from harness.model.result import Result
from harness.reports.junit import render
from tests.reports.results import READ, a_finding, a_result, an_unlabelled_line

SHARE = Gap("POST /share", "failed as its owner", floor=True)
HEADER = Gap("channel header", "no beacon came through", floor=False)


def suite_of(result: Result) -> Element:
    suite = fromstring(render(result)).find("testsuite")
    assert suite is not None
    return suite


def case_of(suite: Element, name: str) -> Element:
    (case,) = (one for one in suite if one.get("name") == name)
    return case


def test_findings_fail_and_gaps_are_errors_only_below_the_floor() -> None:
    suite = suite_of(a_result(a_finding(), an_unlabelled_line(), gaps=(SHARE, HEADER)))

    assert case_of(suite, READ).find("failure") is not None
    assert case_of(suite, "app.access").find("failure") is not None
    error = case_of(suite, "POST /share").find("error")
    assert error is not None
    assert error.get("message") == "below the floor: failed as its owner"
    skipped = case_of(suite, "channel header").find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "not covered: no beacon came through"


def test_the_counts_are_those_of_the_cases() -> None:
    suite = suite_of(a_result(a_finding(), an_unlabelled_line(), gaps=(SHARE, HEADER)))

    counts = [suite.get(name) for name in ("tests", "failures", "errors", "skipped")]
    assert counts == ["5", "2", "1", "1"]
    assert len(suite.findall("testcase")) == 5


def test_each_covered_operation_is_a_case_that_passes_unless_it_has_findings() -> None:
    clean, leaking = suite_of(a_result()), suite_of(a_result(a_finding()))

    assert [one.get("name") for one in clean.findall("testcase")] == [
        "GET /documents",
        READ,
    ]
    assert not any(list(case) for case in clean.findall("testcase"))
    assert len(leaking.findall("testcase")) == 2
    assert list(case_of(leaking, "GET /documents")) == []
    assert case_of(leaking, READ).find("failure") is not None


def test_several_findings_on_one_operation_are_one_failure_that_tells_all() -> None:
    other = replace(a_finding(), shape="nobody", summary="Anybody reads A's document.")
    suite = suite_of(a_result(a_finding(), other, gaps=(replace(SHARE, what=READ),)))

    (failure,) = case_of(suite, READ)
    assert "(and 1 more finding)" in (failure.get("message") or "")
    text = failure.text or ""
    assert "Anybody reads" in text
    assert "not covered: failed as its owner" in text
    assert text.count("reproduce: harness replay .harness/runs/") == 2


def test_a_failure_says_what_leaked_from_whom_to_whom() -> None:
    (failure,) = case_of(suite_of(a_result(a_finding())), READ)

    text = failure.text or ""
    assert "owner: A (Acme)" in text
    assert 'receiver: B ([red]O\'Neill[/red], "quoted" & <Sons>\\x07' in text
    assert "leaked: POST /documents body.title" in text


def test_an_effect_is_not_called_a_leak() -> None:
    deleted = a_finding(what="made A's object unreachable for its owner")

    (failure,) = case_of(suite_of(a_result(deleted)), READ)

    assert "leaked:" not in (failure.text or "")


def test_the_suite_says_when_and_with_what_the_run_was() -> None:
    suite = suite_of(a_result())

    assert suite.get("timestamp") == "2026-01-01T12:00:00"
    assert suite.get("time") == "12.340"
    properties = {
        one.get("name"): one.get("value") for one in suite.iterfind(".//property")
    }
    assert properties["command"] == "harness isolation --seed 7"
    assert properties["seed"] == "7"


@given(st.text())
def test_any_text_makes_xml_that_parses(text: str) -> None:
    finding = replace(a_finding(), operation=text, summary=text, what=text)
    gap = Gap(f"{text}.", text, floor=True)
    result = replace(a_result(finding, gaps=(gap,)), variant=text, command=text)

    assert suite_of(result).get("tests") == "4"
