from __future__ import annotations

from dataclasses import replace

import pytest

from harness.cli.outcomes import Judgement, exit_code, judged, table
from harness.model.coverage import Gap
from harness.model.explored import Explored
from harness.model.result import Result
from harness.run import MutantOutcome
from tests.reports.results import a_finding, a_result

FAILED = a_result(a_finding())
PASSED = a_result()
UNCLEAR = a_result(gaps=(Gap("log in tenant B", "answered 401", floor=True),))


def an_explored(scenario: str = "cold_tenants", first: int = 0) -> Explored:
    return Explored(
        scenario=scenario,
        schedules=20,
        distinct=20,
        actors=3,
        choices=9,
        depth=-1,
        statement="",
        first=first,
    )


def an_outcome(
    result: Result | None, *, harmless: bool = False, error: str = ""
) -> MutantOutcome:
    return MutantOutcome(
        name="read_[no]_filter",
        harmless=harmless,
        result=result,
        error=error,
        seconds=1.25,
    )


@pytest.mark.parametrize(
    ("result", "harmless", "judgement", "shown"),
    [
        (FAILED, False, Judgement.RIGHT, "found"),
        (PASSED, False, Judgement.WRONG, "MISSED"),
        (UNCLEAR, False, Judgement.OPEN, "not judged"),
        (FAILED, True, Judgement.WRONG, "FALSE ALARM"),
        (PASSED, True, Judgement.RIGHT, "silent"),
        (UNCLEAR, True, Judgement.OPEN, "not judged"),
        (None, True, Judgement.OPEN, "not judged"),
    ],
)
def test_bugs_must_be_found_and_equivalents_stay_silent(
    result: Result | None, harmless: bool, judgement: Judgement, shown: str
) -> None:
    outcome = an_outcome(result, harmless=harmless)

    assert judged(outcome) is judgement
    assert f"  {shown}  " in table([outcome], width=100, color=False)


def test_of_a_race_it_says_which_schedule_of_which_scenario_showed_it() -> None:
    shown = an_explored(first=17)
    quiet = an_explored(scenario="cold_stampede")
    result = replace(FAILED, explored=(quiet, shown))

    assert "cold_tenants, 17: " in table([an_outcome(result)], width=120, color=False)


def test_a_wrong_one_outranks_an_open_one_and_that_a_right_one() -> None:
    right, wrong, unclear = Judgement.RIGHT, Judgement.WRONG, Judgement.OPEN

    assert exit_code([right, right]) == 0
    assert exit_code([right, unclear, right]) == 4
    assert exit_code([unclear, wrong, right]) == 1


def test_a_row_says_which_kind_of_variant_was_found_by_what_and_when() -> None:
    (header, row, _, last) = table(
        [an_outcome(FAILED)], width=100, color=False
    ).splitlines()

    assert header.split() == ["variant", "kind", "outcome", "by", "s"]
    assert row.split("  ")[0] == "read_[no]_filter"
    assert "bug" in row
    assert "access: GET /documents/{document_id} (body)" in row
    assert row.endswith("1.2")
    assert last == "1 of 1 as they should be"


def test_a_variant_that_was_not_judged_says_why() -> None:
    unclear = an_outcome(UNCLEAR)
    broken = an_outcome(None, error="the app did not boot\x1b[31m")

    text = table([unclear, broken, an_outcome(PASSED)], width=120, color=False)

    assert "below the floor: log in tenant B: answered 401" in text
    assert "the app did not boot\\x1b[31m" in text
    assert text.endswith("0 of 3 as they should be")


def test_an_equivalent_that_raises_an_alarm_names_it() -> None:
    alarm = an_outcome(replace(FAILED, variant="plain"), harmless=True)

    assert "access: GET /documents" in table([alarm], width=120, color=False)
