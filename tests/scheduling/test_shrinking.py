"""What is left after shrinking fails, and does not without any one of its elements."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from harness.scheduling.shrinking import shrink

PLENTY = 100_000
Part = tuple[int, ...]


class Runs:
    """Says what a part does, and keeps which ones it was asked about."""

    def __init__(self, fails: Callable[[Part], bool]) -> None:
        self._fails = fails
        self.asked: list[Part] = []

    def __call__(self, part: Part) -> bool:
        self.asked.append(part)
        return self._fails(part)


def needing(*needed: int) -> Runs:
    return Runs(lambda part: set(needed) <= set(part))


def haphazard(seed: int) -> Runs:
    """Fails for some parts and not for others, with no rule to it."""
    return Runs(lambda part: hash((seed, part)) % 3 == 0)


@given(st.integers(0, 60), st.sets(st.integers(0, 59)))
def test_what_is_needed_is_left_in_its_order(length: int, needed: set[int]) -> None:
    needed = {one for one in needed if one < length}

    result = shrink(range(length), needing(*needed), tries=PLENTY)

    assert result.elements == tuple(sorted(needed))
    assert result.minimal
    assert result.reproduced


@given(st.integers(0, 14), st.integers())
def test_any_single_element_is_needed_however_parts_depend_on_one_another(
    length: int, seed: int
) -> None:
    fails = haphazard(seed)

    result = shrink(range(length), fails, tries=PLENTY)

    whole = tuple(range(length))
    assert result.reproduced is fails(whole)
    if result.reproduced:
        assert fails(result.elements)
        assert result.minimal
        shorter = combinations(result.elements, max(0, len(result.elements) - 1))
        assert result.elements == () or not any(map(fails, shorter))


@given(st.integers(0, 14), st.integers(), st.integers(1, 30))
def test_the_tries_are_counted_and_never_too_many(
    length: int, seed: int, tries: int
) -> None:
    fails = haphazard(seed)

    result = shrink(range(length), fails, tries=tries)

    assert len(fails.asked) == len(set(fails.asked)) == result.tries <= tries
    assert not result.reproduced or result.elements in fails.asked


def test_what_was_found_before_the_tries_ran_out_is_kept_and_called_unfinished() -> (
    None
):
    result = shrink(range(64), needing(3, 60), tries=12)

    assert not result.minimal
    assert {3, 60} <= set(result.elements)
    assert len(result.elements) < 64
    assert result.tries == 12


def test_what_does_not_fail_as_a_whole_is_left_alone() -> None:
    result = shrink(range(5), needing(7), tries=PLENTY)

    assert not result.reproduced
    assert not result.minimal
    assert result.elements == (0, 1, 2, 3, 4)
    assert result.tries == 1


def test_what_fails_without_anything_needs_two_tries() -> None:
    result = shrink(range(50), needing(), tries=PLENTY)

    assert result.elements == ()
    assert result.tries == 2
    assert result.minimal


def test_equal_elements_are_left_out_one_by_one() -> None:
    result = shrink("aabab", lambda part: part.count("a") >= 2, tries=PLENTY)

    assert result.elements == ("a", "a")


def test_two_of_many_are_found_in_few_tries() -> None:
    fails = needing(40, 41)

    assert shrink(range(100), fails).elements == (40, 41)
    assert len(fails.asked) <= 30
