from __future__ import annotations

from dataclasses import replace

from harness.model.explored import Explored
from harness.model.history import History
from harness.run.explored import explored
from tests.reports.orders import a_race

ONE = Explored(
    scenario="cold_stampede",
    schedules=100,
    distinct=90,
    statement="All 31 schedules with at most 1 deviation.",
    choices=10,
    actors=4,
    depth=1,
    bounds={"pct 2": 1 / 40},
    strategies={"first come": 1, "uniform": 99},
    parted=0,
    first=0,
    findings=(),
)
OTHER = replace(
    ONE,
    statement="First-come-first-served, and a sample of the other schedules.",
    choices=12,
    depth=0,
    bounds={"pct 2": 1 / 48},
    parted=2,
    first=7,
    findings=(a_race().fingerprint,),
)


def test_what_holds_for_all_casts_is_what_holds_for_the_one_seen_least_of() -> None:
    (whole,) = explored([ONE, OTHER], History(()))

    assert (whole.casts, whole.schedules, whole.distinct) == (2, 200, 180)
    assert (whole.depth, whole.statement) == (0, OTHER.statement)
    assert (whole.choices, whole.bounds) == (12, OTHER.bounds)
    assert whole.strategies == {"first come": 2, "uniform": 198}
    assert whole.parted == 2


def test_the_first_schedule_that_shows_a_finding_is_counted_over_all_casts() -> None:
    (late,) = explored([ONE, OTHER], History(()))
    (early,) = explored([OTHER, ONE], History(()))
    (never,) = explored([ONE], History(()))

    assert (late.first, early.first, never.first) == (107, 7, 0)
    assert late.findings == (a_race().fingerprint,)
