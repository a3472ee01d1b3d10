"""An operation that waits until nothing else can go on shows what comes in between."""

from __future__ import annotations

from harness.scheduling.choice import FirstCome, Key, OneByOne, schedule_of
from harness.scheduling.search.delays import Delays
from harness.scheduling.search.strategy import Extent
from tests.scheduling.toy import Toy, steps


def three() -> Toy:
    return Toy({name: steps(4) for name in "abc"})


def delays_of(seed: str = "fixed") -> Delays:
    first = three().run(FirstCome())
    return Delays(first, Extent.of(first), seed=seed)


def places(strategy: Delays) -> dict[Key, int]:
    toy, chooser = three(), strategy.next()
    assert chooser is not None
    toy.run(chooser)
    return {one.key: place for place, one in enumerate(toy.taken)}


def test_one_of_the_first_runs_stops_an_actor_between_two_of_its_operations() -> None:
    """While all the others run to their end: the deviations for it are many."""
    strategy = delays_of()
    runs = [places(strategy) for _ in range(strategy.singles)]

    stopped = [
        one
        for one in runs
        if one[Key("a", 1)] < one[Key("b", 3)] < one[Key("a", 2)]
        and one[Key("c", 3)] < one[Key("a", 2)]
    ]

    assert len(stopped) == 1


def test_each_operation_that_another_could_overtake_is_delayed_once() -> None:
    strategy = delays_of()
    first = tuple(places(strategy) for _ in range(strategy.singles))

    assert strategy.singles >= 10
    assert len({tuple(sorted(one.items())) for one in first}) == len(first)


def test_after_single_delays_come_pairs_without_end() -> None:
    strategy = delays_of()
    for _ in range(strategy.singles):
        strategy.next()

    assert len({tuple(sorted(places(strategy).items())) for _ in range(50)}) > 25


def test_the_same_seed_gives_the_same_runs() -> None:
    one, other = delays_of(), delays_of()

    assert [places(one) for _ in range(30)] == [places(other) for _ in range(30)]


def test_where_nothing_can_be_overtaken_there_is_nothing_to_delay() -> None:
    alone = Toy({"a": steps(3)}).run(FirstCome())

    assert Delays(alone, Extent.of(alone), seed="fixed").next() is None


def test_one_by_one_each_request_is_through_before_the_next_begins() -> None:
    toy = Toy({f"request {number}": steps(3) for number in (2, 1, 10)})

    taken = schedule_of(toy.run(OneByOne()))

    numbers = [int(one.actor.split()[1]) for one in taken]
    assert numbers == sorted(numbers)
