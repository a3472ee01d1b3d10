"""A start-up run is shown as a table that a person can read, however wide."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import fromstring

import pytest

from harness.gates import Gates, judge_run
from harness.model.budget import Budget
from harness.model.measurement import Measurement
from harness.model.result import Result
from harness.reports import junit, terminal
from harness.startup.figures import FIGURES
from tests.reports.results import a_coverage, a_result

VALUES = {
    "imported": 1.5,
    "started": 2.25,
    "listening": 2.5,
    "ready": 2.75,
    "ready_worst": 3.5,
    "served": 4.0,
    "served_worst": 5.0,
    "first_200_p50": 3.0,
    "first_200_p95": 3.25,
    "first_200_max": 15.0,
    "first_request_p50": 0.0125,
    "first_request_p95": 0.5,
    "first_request_max": 12.0,
    "connections": 50,
    "connections_left": 1,
    "memory": 123_400_000,
    "provider_calls": 200,
    "provider_calls_per_tenant": 1,
    "trials": 3,
}


def a_start_up(*budgets: str) -> Result:
    measurements = tuple(
        Measurement(
            name,
            value,
            FIGURES[name],
            {"strategy": strategy, "tenants": "200"},
        )
        for strategy in ("eager", "lazy")
        for name, value in VALUES.items()
    )
    coverage = replace(a_coverage(), operations_known=0, channels=("log",))
    gates = Gates(budgets=tuple(Budget.parse(one) for one in budgets))
    return replace(
        a_result(),
        exercise="startup",
        findings=(),
        coverage=coverage,
        measurements=measurements,
        verdict=judge_run([], coverage, measurements, gates=gates),
    )


def lines(result: Result, width: int = 1000) -> list[list[str]]:
    text = terminal.render(result, width=width)
    return [line.split() for line in text.splitlines() if line.strip()]


def test_each_way_of_starting_is_a_row_with_all_its_figures() -> None:
    shown = lines(a_start_up())

    (row,) = [line for line in shown if line[:2] == ["eager", "200"]]
    assert " ".join(row) == (
        "eager 200 1.50 2.25 2.50 2.75 (3.50) 4.00 (5.00) 3.00 / 3.25 / 15.00 "
        "0.013 / 0.500 / 12.00 50 1 123 MB 200 (1)"
    )
    assert [line[0] for line in shown if line[1:2] == ["200"]] == ["eager", "lazy"]


@pytest.mark.parametrize("width", [60, 80, 100, 120, 160])
def test_no_figure_is_cut_however_narrow_the_terminal(width: int) -> None:
    text = terminal.render(a_start_up(), width=width)

    for figure in ("(3.50)", "(5.00)", "/ 15.00", "/ 12.00", "123 MB", "200 (1)"):
        assert text.count(figure) == 2, figure
    assert "…" not in text


def test_each_figure_over_its_budget_is_listed_and_is_a_case_for_a_ci_server() -> None:
    result = a_start_up("ready=2s", "connections@strategy:lazy=40")

    text = terminal.render(result)
    assert text.count("over budget: ready 2.75 s > 2 s (strategy ") == 3
    assert "connections 50 > 40 (strategy lazy, tenants 200)" in text
    suite = fromstring(junit.render(result)).find("testsuite")
    assert suite is not None
    failed = [
        case.get("name")
        for case in suite.iter("testcase")
        if case.find("failure") is not None
    ]
    assert failed == [
        "budget ready 2.75 s > 2 s (strategy eager, tenants 200)",
        "budget ready 2.75 s > 2 s (strategy lazy, tenants 200)",
        "budget connections 50 > 40 (strategy lazy, tenants 200)",
    ]


def test_the_last_line_counts_ways_of_starting_instead_of_operations() -> None:
    last = terminal.render(a_start_up()).splitlines()[-1]

    assert "of starting · watched: log" in last
    assert "operations" not in last


def test_another_exercise_has_no_such_table() -> None:
    assert "STARTS" not in terminal.render(a_result())
