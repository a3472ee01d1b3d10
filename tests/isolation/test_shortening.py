"""Shortening, on scripts of which it is known which steps are needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.isolation.shortening import TRIES, Script, shortened
from harness.model.step import Principal, Role, Step

PLENTY = 10_000


def steps(numbers: Iterable[int]) -> Script:
    """Return a step for each number, all different."""
    whole = Principal(0, 0)
    return tuple(Step(f"GET /{n}", whole, 0, Role.CONTROL) for n in numbers)


class Rehearsal:
    """Says what a script shows, and keeps which ones it was asked about."""

    def __init__(self, holds: Callable[[Script], bool]) -> None:
        self._holds = holds
        self.asked: list[Script] = []

    async def __call__(self, script: Script) -> bool:
        self.asked.append(script)
        return self._holds(script)

    def shorten(self, script: Script, *, tries: int = PLENTY) -> Script:
        return asyncio.run(shortened(script, self, tries=tries))


def needing(needed: Script) -> Rehearsal:
    return Rehearsal(lambda script: set(needed) <= set(script))


trails = st.integers(1, 60).map(lambda count: steps(range(count)))


@given(trails, st.data())
def test_the_needed_steps_are_what_is_left_in_their_order(
    script: Script, draw: st.DataObject
) -> None:
    others = draw.draw(st.sets(st.sampled_from(script)))
    needed = tuple(one for one in script if one in others or one is script[-1])

    assert needing(needed).shorten(script) == needed


@given(trails, st.data())
def test_three_needed_steps_of_a_whole_run_are_found_in_few_tries(
    script: Script, draw: st.DataObject
) -> None:
    others = draw.draw(st.sets(st.sampled_from(script), max_size=2))
    needed = tuple(one for one in script if one in others or one is script[-1])
    rehearsal = needing(needed)

    assert rehearsal.shorten(script, tries=TRIES) == needed
    assert len(rehearsal.asked) <= TRIES


@given(trails, st.integers(0, 40), st.randoms(use_true_random=False))
def test_whatever_steps_depend_on_the_script_left_has_shown_it(
    script: Script, tries: int, chance: Random
) -> None:
    answers: dict[Script, bool] = {}

    def holds(guess: Script) -> bool:
        return answers.setdefault(guess, guess == script or chance.random() < 0.4)

    rehearsal = Rehearsal(holds)
    left = rehearsal.shorten(script, tries=tries)

    assert len(rehearsal.asked) <= tries
    assert left == () or answers[left]
    assert left == () or left[-1] == script[-1]
    whole = script in rehearsal.asked
    assert left or not whole


@given(trails, st.data())
def test_no_single_step_can_be_left_out_even_where_steps_undo_one_another(
    script: Script, draw: st.DataObject
) -> None:
    pairs = st.tuples(st.sampled_from(script), st.sampled_from(script))
    mended = draw.draw(st.lists(pairs, max_size=5))

    def holds(guess: Script) -> bool:
        # Where the first of a pair was made, the second must be too.
        made = set(guess)
        return script[-1] in made and all(b in made for a, b in mended if a in made)

    left = Rehearsal(holds).shorten(script)

    assert holds(left)
    shorter = [left[:one] + left[one + 1 :] for one in range(len(left) - 1)]
    assert not any(holds(one) for one in shorter)


def test_what_never_shows_has_no_script() -> None:
    assert Rehearsal(lambda _: False).shorten(steps(range(9))) == ()
    assert Rehearsal(lambda _: True).shorten(()) == ()


@pytest.mark.parametrize("count", [1, 2, 50])
def test_most_often_the_last_step_is_enough_and_nothing_else_is_tried(
    count: int,
) -> None:
    script = steps(range(count))
    rehearsal = needing(script[-1:])

    assert rehearsal.shorten(script) == script[-1:]
    assert rehearsal.asked == [script[-1:]]
