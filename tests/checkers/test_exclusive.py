"""What must not meet what it replaces is found if it does, and nothing else is."""

from __future__ import annotations

import pytest

from harness.checkers.lifecycle import lifecycle
from harness.model.boot import Stage
from harness.model.race import Ending
from tests.checkers.plays import OPEN, A, B, Play

MET = [(OPEN, "made before the other was closed", A)]


def found(play: Play) -> list[tuple[str, str, int | None]]:
    return [(one.operation, one.shape, one.owner) for one in lifecycle(play.history())]


def overlaps(play: Play, *, closed_first: bool) -> None:
    """Have A opened while, or after, what was open for it is being closed."""
    old = play.opens(A)
    play.tells(Stage.CLOSING, A, old)
    if closed_first:
        play.tells(Stage.CLOSED, A, old)
    new = play.opens(A)
    if not closed_first:
        play.tells(Stage.CLOSED, A, old)
    play.closes(A, new)
    play.over()


@pytest.mark.parametrize(
    ("closed_first", "shapes"),
    [(False, MET), (True, [])],
)
def test_what_must_not_meet_what_it_replaces_is_found_if_it_does(
    shapes: list[tuple[str, str, int]], *, closed_first: bool
) -> None:
    play = Play(exclusive=True)
    overlaps(play, closed_first=closed_first)

    assert found(play) == shapes


def test_what_is_not_declared_to_be_exclusive_may_be_made_during_the_closing() -> None:
    play = Play()
    overlaps(play, closed_first=False)

    assert found(play) == []


def test_a_second_attempt_may_begin_when_the_first_has_failed() -> None:
    play = Play(exclusive=True)
    run = play.opening(A)
    play.tells(Stage.FAILED, A, run)
    play.closes(A, play.opens(A))
    play.over()

    assert found(play) == []


def test_what_is_exclusive_is_so_in_each_schedule_and_for_each_tenant() -> None:
    play = Play(exclusive=True)
    for _ in range(2):
        runs = [play.opens(tenant) for tenant in (A, B)]
        for tenant, run in zip((A, B), runs, strict=True):
            play.closes(tenant, run)
        play.over()
        play.begins()
    play.over(Ending.ENDED)

    assert found(play) == []


@pytest.mark.parametrize("is_open", [True, False])
def test_a_close_that_finds_nothing_open_holds_up_nobody(*, is_open: bool) -> None:
    play = Play(exclusive=True)
    if is_open:
        play.opens(A)
    play.tells(Stage.CLOSING, A, 0)
    new = play.opening(A)
    play.tells(Stage.CLOSED, A, 0)
    play.tells(Stage.READY, A, new)
    play.closes(A, new)
    play.over()

    assert found(play) == (MET if is_open else [])


@pytest.mark.parametrize(("through", "findings"), [(1, []), (2, MET)])
def test_of_two_closes_at_once_the_one_that_closes_something_counts(
    through: int, findings: list[object]
) -> None:
    play = Play(exclusive=True)
    first, second = play.asks("request 1", A), play.asks("request 2", A)
    play.opens(A)
    for exchange in (first, second):
        play.tells(Stage.CLOSING, A, 0, exchange=exchange)
    closed, late = (first, second) if through == 1 else (second, first)
    play.tells(Stage.CLOSED, A, 0, exchange=closed)
    new = play.opening(A)
    play.tells(Stage.CLOSED, A, 0, exchange=late)
    play.tells(Stage.READY, A, new)
    play.closes(A, new)
    play.over()

    assert found(play) == findings


def test_of_closes_that_nobody_can_tell_apart_the_first_is_through_first() -> None:
    play = Play(exclusive=True)
    play.opens(A)
    for stage in (Stage.CLOSING, Stage.CLOSING, Stage.CLOSED):
        play.tells(stage, A, 0)
    new = play.opening(A)
    play.tells(Stage.CLOSED, A, 0)
    play.tells(Stage.READY, A, new)
    play.closes(A, new)
    play.over()

    assert found(play) == []


@pytest.mark.parametrize("is_closed", [True, False])
def test_what_closes_a_call_from_elsewhere_counts_until_that_is_closed(
    *, is_closed: bool
) -> None:
    play = Play(exclusive=True)
    old = play.opens(A)
    play.tells(Stage.CLOSING, A, 0)
    play.tells(Stage.CLOSING, A, old)
    if is_closed:
        play.tells(Stage.CLOSED, A, old)
    new = play.opening(A)
    if not is_closed:
        play.tells(Stage.CLOSED, A, old)
    play.tells(Stage.CLOSED, A, 0)
    play.tells(Stage.READY, A, new)
    play.closes(A, new)
    play.over()

    assert found(play) == ([] if is_closed else MET)
