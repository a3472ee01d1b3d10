"""One operation ends otherwise, all else as it came; time does not crowd that out."""

from __future__ import annotations

from collections.abc import Callable

from harness.scheduling.choice import (
    CLOCK,
    WAIT,
    Choice,
    Chooser,
    FirstCome,
    Key,
    Operation,
)
from harness.scheduling.search.endings import DelayedEndings, Endings
from harness.scheduling.search.portfolio import ENDINGS, Portfolio
from harness.scheduling.search.strategy import Extent
from harness.scheduling.search.uniform import Uniform
from tests.scheduling.toy import Toy, steps

STEPS = 8


def two(ticks: int = 0) -> Toy:
    """Return one who may fail or be cancelled, beside one who may not."""
    outcomes = {"a": ("cancel", "raise")}
    return Toy({"a": steps(STEPS), "b": steps(STEPS)}, outcomes, ticks=ticks)


def endings_of(seed: str = "fixed", ticks: int = 0) -> Endings:
    return Endings(two(ticks).run(FirstCome()), seed=seed)


def taken(strategy: Endings) -> list[Key]:
    """Return what ended otherwise in each run; all else must go as it came."""
    plain = [one.key for one in _run(FirstCome())]
    ended = []
    while (chooser := strategy.next()) is not None:
        keys = [one.key for one in _run(chooser)]
        place = next(place for place, key in enumerate(keys) if key.outcome)
        assert keys[:place] == plain[:place]
        assert keys[place]._replace(outcome="") == plain[place]
        assert sum(key.outcome != "" for key in keys) == 1
        ended.append(keys[place])
    return ended


def _run(chooser: Chooser) -> list[Operation]:
    toy = two()
    toy.run(chooser)
    return toy.taken


def test_each_outcome_is_taken_once_when_it_is_its_operations_turn() -> None:
    ended = taken(endings_of())

    assert len(ended) == len(set(ended)) == 2 * STEPS
    assert {one.actor for one in ended} == {"a"}


def test_each_operation_has_its_turn_before_any_has_a_second() -> None:
    ended = taken(endings_of())

    assert {one.sequence for one in ended[:STEPS]} == set(range(STEPS))
    assert {one.outcome for one in ended[:STEPS]} == {"cancel", "raise"}


def test_the_same_seed_gives_the_same_runs() -> None:
    assert taken(endings_of()) == taken(endings_of())
    assert taken(endings_of()) != taken(endings_of("another"))


def test_who_can_leave_at_any_choice_leaves_at_one() -> None:
    def program() -> Toy:
        return Toy({"a": steps(4), "b": steps(4)}, leaving=("b",))

    chooser = Endings(program().run(FirstCome()), seed="fixed").next()
    assert chooser is not None

    toy = program()
    toy.run(chooser)

    assert toy.left == {"b"}


def test_who_waits_leaves_amid_it_before_any_operation_ends_otherwise() -> None:
    """The next operation of who waits has the same number, and outcomes of its own."""

    def leaving(kind: str, outcome: str) -> Operation:
        return Operation("a", 1, kind, "", outcome)

    waiting = [
        (Operation("b", n, "query", ""), leaving(WAIT, "cancel"), leaving(WAIT, "gone"))
        for n in range(6)
    ]
    going = (Operation("a", 1, "query", ""), leaving("query", "cancel"))
    every = [*waiting, going]
    trace = tuple(Choice(n, options, 0) for n, options in enumerate(every))
    strategy = Endings(trace, seed="fixed")

    ended = []
    while (chooser := strategy.next()) is not None:
        taken = [options[chooser.choose(options)] for options in every]
        first = next(one for one in taken if one.outcome)
        ended.append((first.kind, first.outcome))

    assert set(ended[:2]) == {(WAIT, "cancel"), (WAIT, "gone")}
    assert ended[2:] == [("query", "cancel")]


def test_beside_each_ending_another_operation_waits_for_all_others() -> None:
    plain = [one.key for one in _run(FirstCome())]
    strategy = DelayedEndings(two().run(FirstCome()), seed="fixed")
    ended, late = set(), 0
    for _ in range(4 * STEPS):
        chooser = strategy.next()
        assert chooser is not None
        keys = [one.key for one in _run(chooser)]
        (ending,) = (key for key in keys if key.outcome)
        ended.add(ending)
        went = [key._replace(outcome="") for key in keys]
        late += went != [key for key in plain if key in went]

    assert len(ended) == 2 * STEPS
    assert late > STEPS


def test_what_cannot_end_otherwise_has_no_ending_beside_a_delay_either() -> None:
    alone = Toy({"a": steps(3), "b": steps(3)}).run(FirstCome())

    assert DelayedEndings(alone, seed="fixed").next() is None


def test_time_that_passes_is_no_ending() -> None:
    alone = Toy({"a": steps(3), "b": steps(3)}, ticks=5).run(FirstCome())

    assert Endings(alone, seed="fixed").next() is None


def test_a_portfolio_has_as_many_of_them_as_their_share_and_there_are() -> None:
    def counted(make: Callable[[], Toy]) -> int:
        portfolio = Portfolio(100, seed=1)
        while (chosen := portfolio.next()) is not None:
            portfolio.record(make().run(chosen[1]))
        assert portfolio.counts.total() == 100
        return portfolio.counts[ENDINGS]

    assert counted(two) >= 8
    assert counted(lambda: Toy({name: steps(5) for name in "abc"})) == 0


def test_an_app_with_a_timer_does_not_keep_operations_from_ending_otherwise() -> None:
    """Time is on offer at each choice then, and few operations can end otherwise."""
    extent = Extent.of(two(ticks=100).run(FirstCome()))
    strategy = Uniform(extent, seed="fixed")
    ended = passed = 0
    for _ in range(400):
        toy = two(ticks=100)
        toy.run(strategy.next())
        ended += any(one.outcome for one in toy.taken)
        passed += any(one.actor == CLOCK for one in toy.taken)

    assert ended > 100
    assert 40 < passed < ended


def test_an_extent_tells_choices_of_time_from_those_of_outcomes() -> None:
    extent = Extent.of(two(ticks=100).run(FirstCome()))

    assert extent.ticks > extent.endings > 0
    assert Extent.of(two().run(FirstCome())).ticks == 0
