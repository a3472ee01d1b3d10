"""What the schedules of a run covered, and what makes a run inconclusive."""

from __future__ import annotations

import pytest

from harness.checkers.racing import coverage_of_races, distinct
from harness.model.event import Unseen
from harness.model.race import Ending, ScheduleEnded
from tests.checkers.plays import A, Play


def gaps(play: Play, **kwargs: tuple[str, ...]) -> list[tuple[str, bool]]:
    found = coverage_of_races(play.history(), **kwargs).gaps
    return [(gap.what, gap.floor) for gap in found]


def explored() -> Play:
    play = Play()
    play.closes(A, play.opens(A))
    play.over()
    return play


def test_a_scenario_with_choices_whose_initialiser_was_seen_is_covered() -> None:
    play = explored()

    coverage = coverage_of_races(play.history(), scenarios=("cold_stampede",))
    assert coverage.covered == ("cold_stampede",)
    assert coverage.gaps == ()


def test_a_scenario_that_was_not_run_is_a_gap_of_the_floor() -> None:
    assert gaps(explored(), scenarios=("reload",)) == [("scenario reload", True)]


def test_a_history_without_schedules_is_below_the_floor() -> None:
    play = Play()
    play.events.clear()

    assert ("schedules", True) in gaps(play)


@pytest.mark.parametrize("alone", [True, False])
def test_where_nothing_could_be_chosen_nothing_was_explored(*, alone: bool) -> None:
    play = Play(scenario="alone") if alone else explored()
    if not alone:
        play.scenario = "alone"
        play.begins()
    play.closes(A, play.opens(A))
    play.over(choices=0)

    assert gaps(play) == [("scenario alone", alone)]


def test_a_schedule_that_stands_still_outside_of_control_is_below_the_floor() -> None:
    play = explored()
    play.begins()
    play.over(Ending.STUCK, uncontrolled=["woken from outside: Pipe"])

    (gap,) = coverage_of_races(play.history()).below_floor
    assert gap.what == "scenario cold_stampede"
    assert "1 of 2 schedules stood still" in gap.reason
    assert "woken from outside: Pipe" in gap.reason


@pytest.mark.parametrize(("operations", "floor"), [(8, True), (9, False), (99, False)])
def test_more_than_a_tenth_out_of_control_is_too_much(
    operations: int, *, floor: bool
) -> None:
    play = Play()
    play.closes(A, play.opens(A))
    play.over(operations=operations, uncontrolled=["woken from outside: Pipe"])

    assert gaps(play) == [("control of cold_stampede", floor)]


def test_an_initialiser_that_was_never_called_for_a_tenant_is_a_gap() -> None:
    play = Play()
    play.over()

    assert [floor for _, floor in gaps(play)] == [True]
    assert [floor for _, floor in gaps(unawaited())] == [False]


def unawaited() -> Play:
    play = Play(awaited=False)
    play.over()
    return play


def test_what_could_not_be_done_is_listed() -> None:
    play = explored()
    play.add(Unseen("unseen", "log in tenant B", "status 401"))

    assert gaps(play) == [("log in tenant B", True)]


def test_schedules_in_which_the_same_was_taken_are_one() -> None:
    play = Play()
    for digest in "aab":
        play.over(digest=digest)
        play.begins()

    assert distinct(list(play.history().of(ScheduleEnded))) == 2
