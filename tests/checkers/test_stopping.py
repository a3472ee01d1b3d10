"""Schedules that stand still, and tenants that wait for another's trouble."""

from __future__ import annotations

import pytest

from harness.checkers.lifecycle import lifecycle
from harness.model.boot import Stage
from harness.model.race import Ending, Movement, Waiting
from tests.checkers.plays import READ, A, B, Play

WAITING = Waiting("request 2", "a lock", ("app/tenants.py:12 in open_tenant",))


def found(play: Play) -> list[tuple[str, str, int | None]]:
    return [(one.operation, one.shape, one.owner) for one in lifecycle(play.history())]


@pytest.mark.parametrize(
    ("ending", "shape"),
    [(Ending.DEADLOCK, "deadlock"), (Ending.ENDLESS, "endless")],
)
def test_who_waits_for_ever_is_named(ending: Ending, shape: str) -> None:
    play = Play()
    play.comes("request 1", A)
    play.comes("request 2", B)
    play.over(ending, waiting=[WAITING])

    (finding,) = lifecycle(play.history())
    assert (finding.operation, finding.shape, finding.owner) == (READ, shape, B)
    assert "request 2 waits for a lock" in finding.summary
    assert finding.evidence[0].exchange == 2
    assert finding.evidence[0].text.endswith("at app/tenants.py:12 in open_tenant")


def test_a_deadlock_of_the_start_names_the_lifespan() -> None:
    play = Play()
    play.over(Ending.DEADLOCK, waiting=[Waiting("lifespan", "an event", ())])

    assert found(play) == [("lifespan", "deadlock", None)]


@pytest.mark.parametrize("ending", [Ending.ENDED, Ending.STUCK])
def test_what_ends_or_is_not_under_control_is_no_deadlock(ending: Ending) -> None:
    play = Play()
    play.asks("request 1", A)
    play.over(ending, waiting=[WAITING])

    assert found(play) == []


def hangs(play: Play, *, other: int = B) -> int:
    """Have A's initialisation hang while somebody else's request is under way."""
    first = play.comes("request 1", A)
    run = play.opening(A, exchange=first)
    play.moves("request 1", Movement.WENT, "hang")
    play.comes("request 2", other)
    return run


def lets_go(play: Play, run: int, movement: Movement = Movement.FAILED) -> None:
    play.moves("request 1", movement, "hang")
    play.tells(Stage.FAILED, A, run, exchange=1)


def test_a_tenant_that_waits_for_anothers_hanging_initialisation_is_found() -> None:
    play = Play()
    run = hangs(play)
    lets_go(play, run)
    play.ends("request 1", 500)
    play.moves("request 2", Movement.WENT)
    play.ends("request 2")
    play.over()

    (finding,) = lifecycle(play.history())
    assert (finding.shape, finding.owner) == ("held up by another", B)
    assert finding.summary.startswith(
        "B's GET /documents waited for as long as the initialisation of A hung"
    )


def test_a_tenant_that_is_served_meanwhile_is_fine() -> None:
    play = Play()
    run = hangs(play)
    play.ends("request 2")
    lets_go(play, run)
    play.ends("request 1", 500)
    play.over()

    assert found(play) == []


def test_a_tenant_that_waits_for_its_own_initialisation_is_fine() -> None:
    play = Play()
    run = hangs(play, other=A)
    lets_go(play, run)
    play.ends("request 1", 500)
    play.ends("request 2", 500)
    play.over()

    assert found(play) == []


def test_what_hangs_outside_of_an_initialisation_may_hold_what_is_shared() -> None:
    play = Play()
    play.comes("request 1", A)
    play.moves("request 1", Movement.WENT, "hang")
    play.comes("request 2", B)
    play.moves("request 1", Movement.FAILED, "hang")
    play.ends("request 1", 500)
    play.ends("request 2")
    play.over()

    assert found(play) == []


def test_who_goes_on_once_a_hanging_one_was_given_up_had_waited_for_it() -> None:
    play = Play()
    run = hangs(play)
    lets_go(play, run, Movement.CANCELLED)
    play.moves("request 2", Movement.WENT)
    play.ends("request 1", 500)
    play.ends("request 2")
    play.over()

    assert found(play) == [(READ, "held up by another", B)]


def test_who_sleeps_for_longer_than_a_time_out_of_another_is_fine() -> None:
    play = Play()
    run = hangs(play)
    lets_go(play, run, Movement.CANCELLED)
    play.ends("request 1", 500)
    play.moves("clock", Movement.CLOCK, kind="clock")
    play.moves("request 2", Movement.WENT)
    play.ends("request 2")
    play.over()

    assert found(play) == []
