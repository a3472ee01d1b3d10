"""From a race that was found to the few orders that it takes."""

from __future__ import annotations

import pytest

from harness.scheduling.choice import CLOCK, Key, schedule_of
from harness.scheduling.kernel import CLOCK as CLOCK_OF_THE_KERNEL
from harness.scheduling.search.portfolio import Portfolio
from harness.scheduling.shrinking import Shrunk, shrink
from harness.scheduling.tape import Deviation, Player, Tape, tape_of
from tests.scheduling.planted import (
    ENDINGS,
    RACES,
    Race,
    check_then_set_after_a_slow_login,
    entry_left_by_a_cancelled_initialiser,
    staged,
)


def shows(race: Race, tape: Tape) -> bool:
    toy, world = staged(race, length=4, bystanders=2)
    toy.run(Player(tape))
    return bool(world.bad)


def found(race: Race) -> Tape:
    """Return the tape of the first schedule that shows a race."""
    portfolio = Portfolio(400, seed=1)
    while (chosen := portfolio.next()) is not None:
        toy, world = staged(race, length=4, bystanders=2)
        trace = toy.run(chosen[1])
        portfolio.record(trace)
        if world.bad:
            return tape_of(trace)
    raise AssertionError(race)


def shrunk(race: Race) -> Shrunk[Deviation]:
    return shrink(found(race), lambda tape: shows(race, tape), tries=1_000)


@pytest.mark.parametrize("race", RACES)
def test_what_is_left_shows_the_race_and_not_without_any_one_of_it(race: Race) -> None:
    result = shrunk(race)

    tape = result.elements
    assert result.reproduced
    assert result.minimal
    assert shows(race, tape)
    for left_out in tape:
        assert not shows(race, tuple(one for one in tape if one is not left_out))
    assert len(tape) <= 4


@pytest.mark.parametrize("race", RACES)
def test_what_is_left_plays_the_same_schedule_each_time(race: Race) -> None:
    tape = shrunk(race).elements

    def schedule() -> object:
        toy, _ = staged(race, length=4, bystanders=2)
        return schedule_of(toy.run(Player(tape)))

    assert schedule() == schedule()


def test_the_reason_of_a_late_second_check_is_one_order() -> None:
    (order,) = shrunk(check_then_set_after_a_slow_login).elements

    assert order.operation.actor == "request 2"
    assert order.ahead_of is not None
    assert order.ahead_of.actor == "request 1"


@pytest.mark.parametrize("race", ENDINGS)
def test_the_reason_of_a_failure_holds_the_failure(race: Race) -> None:
    assert any(one.operation.outcome for one in shrunk(race).elements)


def test_the_reason_of_a_cancelled_initialiser_is_the_cancellation_alone() -> None:
    (deviation,) = shrunk(entry_left_by_a_cancelled_initialiser).elements

    assert deviation.operation.outcome == "cancel"
    assert deviation == Deviation(Key(*deviation.operation))


def test_kernel_and_tapes_mean_the_same_clock() -> None:
    assert CLOCK_OF_THE_KERNEL == CLOCK
