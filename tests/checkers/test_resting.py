"""What is open when the app rests, and that nobody needs, is found; the rest is not."""

from __future__ import annotations

import pytest

from harness.checkers.lifecycle import lifecycle
from harness.model.boot import Stage
from harness.model.race import ActorRole, Movement
from tests.checkers.plays import OPEN, OPERATOR, A, B, Play


def found(play: Play) -> list[tuple[str, str, int | None]]:
    return [(one.operation, one.shape, one.owner) for one in lifecycle(play.history())]


def removed(play: Play, *, opened_again: bool, closed_again: bool = False) -> None:
    """Have A removed, and perhaps opened once more by a request that came before."""
    play.comes("request 1", A)
    play.closes(A, play.opens(A))
    late = play.opens(A) if opened_again else 0
    play.ends("request 1")
    play.removes(A)
    if closed_again:
        play.closes(A, late)
    play.rests()
    if opened_again and not closed_again:
        play.closes(A, late)
    play.over()


def test_what_a_removed_tenant_has_open_at_rest_is_found() -> None:
    play = Play()
    removed(play, opened_again=True)

    (finding,) = lifecycle(play.history())
    assert (finding.operation, finding.owner) == (OPEN, A)
    assert finding.shape == "kept after removal"
    assert "until the app was stopped" in finding.summary


@pytest.mark.parametrize("opened_again", [False, True])
def test_what_a_removed_tenant_had_and_is_closed_at_rest_is_fine(
    *, opened_again: bool
) -> None:
    play = Play()
    removed(play, opened_again=opened_again, closed_again=opened_again)

    assert found(play) == []


def test_what_is_kept_of_the_removed_also_where_nobody_interferes_is_the_apps_way() -> (
    None
):
    play = Play()
    play.keeps(A, 1)
    removed(play, opened_again=True)

    assert found(play) == []


def test_what_others_have_open_when_one_is_removed_is_fine() -> None:
    play = Play()
    runs = [play.opens(tenant) for tenant in (A, B)]
    play.closes(A, runs[0])
    play.removes(A)
    play.rests()
    play.closes(B, runs[1])
    play.over()

    assert found(play) == []


def test_a_removal_that_nobody_was_told_of_obliges_to_nothing() -> None:
    play = Play()
    run = play.opens(A)
    play.comes("operator 1", A, "offboard", role=ActorRole.OPERATOR)
    play.goes("operator 1")
    play.rests()
    play.closes(A, run)
    play.over()

    assert found(play) == []


def replaced(play: Play, *, closed: bool, asked: bool = True) -> None:
    """Have a reload open the new before it closes the old, at rest or at the end."""
    old = play.opens(A)
    if asked:
        play.comes("operator 1", A, OPERATOR, role=ActorRole.OPERATOR)
    new = play.opens(A)
    if asked:
        play.goes("operator 1")
    if closed:
        play.closes(A, old)
    play.rests()
    if not closed:
        play.closes(A, old)
    play.closes(A, new)
    play.over()


def test_the_older_of_two_that_is_open_at_rest_is_found() -> None:
    play = Play()
    replaced(play, closed=False)

    assert found(play) == [(OPEN, "kept after its replacement", A)]


@pytest.mark.parametrize(
    ("second", "findings"),
    [(1, [(OPEN, "kept after its replacement", A)]), (2, [])],
)
def test_what_another_process_opens_replaces_nothing(
    second: int, findings: list[object]
) -> None:
    play = Play()
    old = play.opens(A)
    play.comes("operator 1", A, OPERATOR, role=ActorRole.OPERATOR)
    new = play.opens(A, worker=second)
    play.goes("operator 1")
    play.rests()
    play.closes(A, old)
    play.closes(A, new, worker=second)
    play.over()

    assert found(play) == findings


@pytest.mark.parametrize(
    ("kept_by", "findings"), [(2, []), (1, [(OPEN, "kept after removal", A)])]
)
def test_what_one_process_keeps_where_nobody_interferes_is_its_way_alone(
    kept_by: int, findings: list[object]
) -> None:
    play = Play()
    play.keeps(A, 1, worker=kept_by)
    run = play.opens(A, worker=2)
    play.removes(A)
    play.rests()
    play.closes(A, run, worker=2)
    play.over()

    assert found(play) == findings


def test_what_one_process_closes_from_elsewhere_stays_open_in_another() -> None:
    play = Play()
    play.opens(A)
    run = play.opens(A, worker=2)
    play.tells(Stage.CLOSED, A, 0)
    play.removes(A)
    play.rests()
    play.closes(A, run, worker=2)
    play.over()

    assert found(play) == [(OPEN, "kept after removal", A)]


def test_the_older_of_two_that_is_closed_at_rest_is_fine() -> None:
    play = Play()
    replaced(play, closed=True)

    assert found(play) == []


def test_two_that_are_open_also_where_nobody_interferes_are_the_apps_way() -> None:
    play = Play()
    play.keeps(A, 2)
    replaced(play, closed=False)

    assert found(play) == []


def test_what_may_be_made_again_may_be_there_twice() -> None:
    play = Play(again=True)
    replaced(play, closed=False)

    assert found(play) == []


def test_a_second_that_is_a_bug_of_its_own_is_found_as_that_alone() -> None:
    play = Play()
    replaced(play, closed=False, asked=False)

    assert found(play) == [(OPEN, "twice", A)]


def test_what_hangs_at_rest_may_keep_something_open() -> None:
    play = Play()
    play.comes("request 1", A)
    play.opening(A)
    play.moves("request 1", Movement.WENT, "hang", opening=A)
    run = play.opens(A)
    play.removes(A)
    play.rests()
    play.closes(A, run)
    play.over()

    assert found(play) == []


def test_an_app_that_was_stopped_without_a_rest_owes_nothing_before() -> None:
    play = Play()
    run = play.opens(A)
    play.removes(A)
    play.closes(A, run)
    play.over()

    assert found(play) == []


def closes_late(play: Play, *, late: bool) -> None:
    run = play.opens(A)
    if not late:
        play.closes(A, run)
    play.over()
    if late:
        # Its task is cancelled with the loop.
        play.closes(A, run)


def test_what_is_closed_only_by_the_end_of_the_loop_was_not_closed() -> None:
    play = Play()
    closes_late(play, late=True)

    assert found(play) == [(OPEN, "not closed", A)]


def test_what_the_shutdown_closes_is_closed() -> None:
    play = Play()
    closes_late(play, late=False)

    assert found(play) == []


def test_a_reload_whose_old_one_is_closed_only_by_the_end_of_the_loop_is_found() -> (
    None
):
    play = Play()
    old = play.opens(A)
    play.comes("operator 1", A, OPERATOR, role=ActorRole.OPERATOR)
    new = play.opens(A)
    play.goes("operator 1")
    play.closes(A, new)
    play.over()
    play.closes(A, old)

    assert (OPEN, "not closed", A) in found(play)
