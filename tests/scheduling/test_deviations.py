"""The schedules with at most d deviations are all run, each once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache

import pytest

from harness.scheduling.choice import (
    Chooser,
    FirstCome,
    Operation,
    Schedule,
    Trace,
    schedule_of,
)
from harness.scheduling.search.deviations import Deviations, costs
from harness.scheduling.search.strategy import Strategy
from tests.scheduling.toy import Io, Spawn, Task, Toy, Until, steps

Program = Callable[[], Toy]


class Prefix:
    """Takes the places that are listed, then the first."""

    def __init__(self, *places: int) -> None:
        self._places = list(places)

    def choose(self, options: Sequence[Operation]) -> int:
        return self._places.pop(0) if self._places else 0


def every_trace(program: Program, *places: int) -> Iterator[Trace]:
    """Give all runs that a program can have, by trying each option of each choice."""
    trace = program().run(Prefix(*places))
    if len(trace) == len(places):
        yield trace
        return
    for place in range(len(trace[len(places)].options)):
        yield from every_trace(program, *places, place)


@cache
def all_traces(program: Program) -> tuple[Trace, ...]:
    return tuple(every_trace(program))


def deviations_in(trace: Trace) -> int:
    return sum(costs(choice.options)[choice.taken] for choice in trace)


def run_all(program: Program, strategy: Strategy) -> list[Schedule]:
    schedules = []
    while (chooser := strategy.next()) is not None:
        trace = program().run(chooser)
        strategy.record(trace)
        schedules.append(schedule_of(trace))
    return schedules


def two() -> Toy:
    return Toy({"a": steps(3), "b": steps(3)})


def three() -> Toy:
    return Toy({"a": steps(2), "b": steps(2), "c": steps(2)})


def locked() -> Toy:
    held: list[str] = []

    def user(name: str) -> Task:
        yield Io("arrive")
        yield Until(lambda: not held)
        held.append(name)
        yield Io("write")
        held.remove(name)
        yield Spawn(steps(1))
        yield Io("answer")

    return Toy({"a": user("a"), "b": user("b"), "c": steps(1)})


def ending() -> Toy:
    outcomes = {"a": ("cancel", "raise"), "b": ("raise",)}
    return Toy({"a": steps(2), "b": steps(2)}, outcomes, leaving=("b",))


def alone() -> Toy:
    return Toy({"a": steps(4)})


PROGRAMS = [two, three, locked, ending]


@pytest.mark.parametrize("program", PROGRAMS)
def test_without_a_limit_every_schedule_is_run_once(program: Program) -> None:
    strategy = Deviations()

    schedules = run_all(program, strategy)

    assert len(schedules) == len(set(schedules)) == strategy.count
    assert set(schedules) == {schedule_of(one) for one in all_traces(program)}
    assert strategy.exhausted


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@pytest.mark.parametrize("program", PROGRAMS)
def test_exactly_those_with_at_most_d_deviations_are_run(
    program: Program, depth: int
) -> None:
    strategy = Deviations(depth=depth)

    schedules = run_all(program, strategy)

    traces = all_traces(program)
    expected = [one for one in traces if deviations_in(one) <= depth]
    assert sorted(schedules) == sorted(map(schedule_of, expected))
    assert strategy.complete == depth
    assert strategy.exhausted is (len(expected) == len(traces))


def test_the_number_of_orders_of_two_actors_is_the_binomial_one() -> None:
    assert len(run_all(two, Deviations())) == 20


def test_the_size_of_the_next_level_is_known_before_it_is_run() -> None:
    one = Deviations(depth=1)
    run_all(three, one)
    two_deviations = sum(deviations_in(trace) == 2 for trace in every_trace(three))

    assert one.size(2) == two_deviations
    assert one.size(3) is None


def test_a_level_that_does_not_fit_the_budget_is_not_begun() -> None:
    at_most_two = len(run_all(three, Deviations(depth=2)))
    enough = Deviations(budget=at_most_two)
    short = Deviations(budget=at_most_two - 1)

    run_all(three, enough)
    run_all(three, short)

    assert (enough.complete, enough.count) == (2, at_most_two)
    assert short.complete == 1


def test_a_program_without_choices_has_one_schedule() -> None:
    strategy = Deviations()

    assert run_all(alone, strategy) == [()]
    assert strategy.exhausted
    assert strategy.complete == 0


def test_a_level_that_was_begun_does_not_count_as_run() -> None:
    strategy = Deviations()
    for _ in range(3):
        chooser = strategy.next()
        assert chooser is not None
        strategy.record(three().run(chooser))

    assert strategy.complete == 0
    assert not strategy.exhausted


def test_nothing_is_claimed_of_a_program_that_differs_from_run_to_run() -> None:
    runs = iter([3, 3, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3])
    strategy = Deviations(depth=1)

    run_all(lambda: Toy({"a": steps(3), "b": steps(next(runs))}), strategy)
    assert strategy.parted == 0  # only what comes after the deviation differs

    names = iter("bbcbbbbbbbbb")
    strategy = Deviations(depth=1)
    run_all(lambda: Toy({"a": steps(3), next(names): steps(3)}), strategy)
    assert strategy.parted == 1
    assert strategy.complete is None
    assert not strategy.exhausted
    assert strategy.size(1) is None


def test_what_goes_ahead_and_ends_otherwise_is_two_deviations() -> None:
    options = (
        Operation("a", 0, "query", "SELECT"),
        Operation("b", 0, "query", "SELECT"),
        Operation("a", 0, "query", "SELECT", "raise"),
        Operation("b", 0, "query", "SELECT", "raise"),
        Operation("client of a", 0, "cancel", "leaves", "leave"),
    )

    assert costs(options) == [0, 1, 1, 2, 1]


def test_a_run_that_was_not_asked_for_is_refused() -> None:
    with pytest.raises(RuntimeError, match="under way"):
        Deviations().record(two().run(FirstCome()))


def test_first_come_takes_the_first() -> None:
    chooser: Chooser = FirstCome()

    assert all(choice.taken == 0 for choice in three().run(chooser))
