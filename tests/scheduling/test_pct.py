"""Random priorities meet bugs of their depth as often as their authors prove."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import sqrt

import pytest

from harness.scheduling.choice import FirstCome, Key, Operation, schedule_of
from harness.scheduling.search.outcomes import CHANCES
from harness.scheduling.search.pct import Pct, bound
from harness.scheduling.search.strategy import Extent
from harness.scheduling.search.uniform import Uniform
from tests.scheduling.toy import Io, Task, Toy, steps

RUNS = 2_000


def orders(*pairs: tuple[Key, Key]) -> Callable[[Toy], bool]:
    """Return what tells whether each first went before its second."""

    def met(toy: Toy) -> bool:
        places = {one.key: place for place, one in enumerate(toy.taken)}
        return all(places[first] < places[second] for first, second in pairs)

    return met


def program() -> Toy:
    return Toy({name: steps(6) for name in "abc"})


# A bug of depth d shows if d orders between two operations hold.
DEPTH_1 = orders((Key("c", 5), Key("a", 0)))
DEPTH_2 = orders((Key("a", 2), Key("b", 3)), (Key("b", 5), Key("a", 3)))
DEPTH_3 = orders(
    (Key("a", 1), Key("b", 2)), (Key("b", 3), Key("a", 2)), (Key("a", 4), Key("b", 4))
)


@pytest.mark.parametrize(("depth", "shows"), [(1, DEPTH_1), (2, DEPTH_2), (3, DEPTH_3)])
def test_a_bug_of_its_depth_is_met_at_least_as_often_as_the_bound_says(
    depth: int, shows: Callable[[Toy], bool]
) -> None:
    extent = Extent.of(program().run(FirstCome()))
    strategy = Pct(depth, extent, seed="fixed")
    met = 0

    for _ in range(RUNS):
        toy = program()
        toy.run(strategy.next())
        met += shows(toy)

    least = bound(depth, extent)
    assert met / RUNS >= least - 2 * sqrt(least / RUNS)
    assert met


def test_the_bound_is_the_one_of_the_paper() -> None:
    extent = Extent(actors=4, choices=10)

    assert bound(1, extent) == pytest.approx(1 / 4)
    assert bound(2, extent) == pytest.approx(1 / 40)
    assert bound(3, extent) == pytest.approx(1 / 400)
    with_outcomes = Extent(actors=4, choices=10, endings=3)
    assert bound(2, with_outcomes) == pytest.approx(CHANCES[0] / 40)


def test_with_a_length_that_is_far_too_large_it_finds_next_to_nothing() -> None:
    measured = Extent.of(program().run(FirstCome()))
    found = []
    for extent in (measured, Extent(measured.actors, 4_096)):
        strategy = Pct(2, extent, seed="fixed")
        met = 0
        for _ in range(500):
            toy = program()
            toy.run(strategy.next())
            met += DEPTH_2(toy)
        found.append(met)

    assert found[1] < found[0] / 4


def test_of_depth_1_each_actor_runs_to_its_end() -> None:
    strategy = Pct(1, Extent(3, 18), seed="fixed")
    seen = set()
    for _ in range(50):
        toy = program()
        toy.run(strategy.next())
        actors = "".join(one.actor for one in toy.taken)
        assert actors == "".join(name * 6 for name in dict.fromkeys(actors))
        seen.add(tuple(dict.fromkeys(actors)))

    assert len(seen) == 6  # each order of the three


def test_depth_2_interrupts_one_actor_once() -> None:
    strategy = Pct(2, Extent.of(program().run(FirstCome())), seed="fixed")
    for _ in range(50):
        toy = program()
        toy.run(strategy.next())
        actors = [one.actor for one in toy.taken]
        turns = sum(one != other for one, other in pairwise(actors))
        assert turns <= 3


@pytest.mark.parametrize("pct", [True, False])
def test_the_same_seed_gives_the_same_runs_and_another_one_others(pct: bool) -> None:
    extent = Extent(3, 17, 17)

    def runs(seed: str) -> list[object]:
        strategy = Pct(3, extent, seed=seed) if pct else Uniform(extent, seed=seed)
        outcomes = {"a": ("cancel", "raise")}
        return [
            schedule_of(
                Toy({name: steps(6) for name in "abc"}, outcomes).run(strategy.next())
            )
            for _ in range(10)
        ]

    assert runs("1") == runs("1")
    assert runs("1") != runs("2")
    assert len(set(runs("1"))) > 5


def test_uniform_takes_each_operation_as_often() -> None:
    strategy = Uniform(Extent(3, 1), seed="fixed")
    options = tuple(Operation(name, 0, "point", "") for name in "abc")

    taken = [strategy.next().choose(options) for _ in range(3_000)]

    assert all(900 < taken.count(place) < 1_100 for place in range(3))


@pytest.mark.parametrize("pct", [True, False])
def test_operations_end_otherwise_in_some_runs_once_or_twice_anywhere(
    pct: bool,
) -> None:
    def program() -> Toy:
        def actor() -> Task:
            for number in range(5):
                try:
                    yield Io(f"step {number}")
                except OSError:
                    continue

        return Toy({name: actor() for name in "ab"}, {"b": ("raise",)})

    extent = Extent.of(program().run(FirstCome()))
    strategy = Pct(2, extent, seed="fixed") if pct else Uniform(extent, seed="fixed")
    counts = []
    where: set[Key] = set()
    for _ in range(600):
        toy = program()
        toy.run(strategy.next())
        ended = [one.key for one in toy.taken if one.outcome]
        counts.append(len(ended))
        where |= set(ended)

    assert extent.endings >= 5
    assert max(counts) == 2
    assert 240 < counts.count(0) < 400
    assert where == {Key("b", number, "raise") for number in range(5)}


def test_what_has_no_outcomes_never_ends_otherwise() -> None:
    def choose(options: Sequence[Operation]) -> int:
        return Pct(3, Extent(2, 1, 5), seed="fixed").next().choose(options)

    options = (Operation("a", 0, "point", ""), Operation("b", 0, "point", ""))

    assert {choose(options) for _ in range(50)} <= {0, 1}


def test_an_extent_counts_actors_and_the_choices_between_them() -> None:
    toy = Toy({"a": steps(3), "b": steps(1)}, {"a": ("raise",)}, leaving=("b",))

    extent = Extent.of(toy.run(FirstCome()))

    # First come takes a0, then b0 while a1 waits; from then on a is alone.
    assert extent == Extent(actors=2, choices=2, endings=4)
    assert Extent.of(()) == Extent(1, 1, 0)
