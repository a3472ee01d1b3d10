from __future__ import annotations

import json
from dataclasses import replace
from xml.etree.ElementTree import fromstring

from jsonschema import Draft202012Validator

from harness.model.result import Result
from harness.reports import junit
from harness.reports.json import parse, schema
from harness.reports.json import render as as_json
from harness.reports.terminal import render
from tests.reports.orders import TOKEN, a_race, an_exploration
from tests.reports.results import a_result


def raced(*, command: str = "harness races") -> Result:
    explored = (an_exploration(a_race()), an_exploration(scenario="client_leaves"))
    result = a_result(a_race())
    coverage = replace(result.coverage, covered=("cold_stampede", "client_leaves"))
    return replace(
        result,
        exercise="races",
        command=command,
        coverage=coverage,
        explored=explored,
    )


def row(text: str, scenario: str) -> list[str]:
    lines = [line.split() for line in text.splitlines()]
    return next(line for line in lines if line[:1] == [scenario] and len(line) > 2)


def test_a_scenario_says_how_much_of_it_was_explored_and_how_deep() -> None:
    text = render(raced(), width=100)

    cells = "cold_stampede 200 198 4 10 1 99.6% - 1 (at 12)"
    assert row(text.partition("EXPLORED")[2], "cold_stampede") == cells.split()
    assert row(text, "client_leaves")[-1] == "-"
    assert "All 31 schedules with at most 1 deviation" in text
    assert "pct 2 1/40, pct 3 1/400" in " ".join(text.split())
    assert "2 scenarios · 400 schedules" in text
    assert "proven" not in text


def test_a_scenario_of_which_no_set_was_run_as_a_whole_has_no_depth() -> None:
    result = replace(raced(), explored=(replace(an_exploration(), depth=-1),))

    assert row(render(result), "cold_stampede")[5] == "-"


def test_a_race_is_shown_as_a_diagram_with_its_deviations_and_its_token() -> None:
    text = render(raced(), width=100)

    assert "     ●  │  connect\n" in text
    assert "deviations  1. request 2: arrive GET /documents (goes first)\n" in text
    assert "(each is needed)" in text
    assert f"reproduce  harness replay {TOKEN}\n" in text


def test_a_target_that_is_no_setting_is_named_where_a_race_is_reproduced() -> None:
    by_flag = raced(command="harness races --target package.module:target")
    by_variable = raced(command="HARNESS_TARGET=package.module:target harness races")

    for result in (by_flag, by_variable):
        assert f"harness replay {TOKEN} --target package.module:target" in render(
            result
        )


def test_junit_fails_the_scenario_and_shows_the_order() -> None:
    suite = fromstring(junit.render(raced())).find("testsuite")

    assert suite is not None
    failed = {case.get("name"): case.find("failure") for case in suite}
    failure = failed["cold_stampede"]
    assert failure is not None
    assert "◆  arrive GET /documents" in (failure.text or "")
    assert TOKEN in (failure.text or "")
    assert failed["client_leaves"] is None


def test_what_was_explored_comes_back_from_a_report() -> None:
    result = raced()
    written = as_json(result)

    assert parse(written) == result
    Draft202012Validator(schema()).validate(json.loads(written))
    assert "EXPLORED" in render(parse(written))


def test_a_report_from_before_there_were_schedules_is_still_read() -> None:
    document = json.loads(as_json(a_result()))
    del document["explored"]

    assert parse(json.dumps(document).encode()).explored == ()


def test_isolation_tells_what_it_saw_and_in_how_many_schedules_requests_met() -> None:
    met = replace(a_result(), explored=(an_exploration(),))

    last = " ".join(render(met, width=200).split())

    assert "2/20 operations" in last
    assert "watched: body, log · 200 schedules" in last
