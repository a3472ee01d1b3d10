"""Tapes make schedules again, and each deviation stands for itself."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from harness.scheduling.choice import CLOCK, FirstCome, Key, Operation, schedule_of
from harness.scheduling.search.pct import Pct
from harness.scheduling.search.strategy import Extent
from harness.scheduling.tape import Deviation, Player, makes, tape_of
from tests.scheduling.toy import Io, Spawn, Task, Toy, Until, steps


class AtRandom:
    """Takes any option, also outcomes."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(seed)

    def choose(self, options: Sequence[Operation]) -> int:
        return self._rng.randrange(len(options))


class Listed:
    """Takes the operations that are named, at any choice that offers one."""

    def __init__(self, *wanted: Key) -> None:
        self._wanted = list(wanted)

    def choose(self, options: Sequence[Operation]) -> int:
        keys = [one.key for one in options]
        if self._wanted and self._wanted[0] in keys:
            return keys.index(self._wanted.pop(0))
        return 0


def entangled(seed: int) -> Toy:
    """Return some program with locks, tasks beside tasks, and outcomes."""
    rng = Random(seed)
    locked: set[str] = set()

    def actor(depth: int) -> Task:
        for number in range(rng.randrange(1, 5)):
            match rng.randrange(5):
                case 0:
                    lock = rng.choice("xy")
                    yield Until(lambda lock=lock: lock not in locked)  # type: ignore[misc]
                    locked.add(lock)
                    try:
                        yield Io(f"in {lock}")
                    finally:
                        locked.discard(lock)
                case 1:
                    due = toy.now + rng.randrange(2)
                    yield Until(lambda due=due: toy.now >= due or not toy.parked)  # type: ignore[misc]
                case 2 if depth:
                    yield Spawn(actor(depth - 1))
                case _:
                    yield Io(f"op {number}")

    toy = Toy(
        {name: actor(2) for name in "abcd"},
        {"a": ("cancel", "raise"), "c": ("raise", "disconnect")},
        leaving=("b", "c"),
        ticks=3,
    )
    return toy


def keys(toy: Toy) -> list[Key]:
    return [one.key for one in toy.taken]


@given(program=st.integers(0, 2**32), seed=st.integers(0, 2**32))
def test_the_tape_of_any_run_makes_the_same_run_again(program: int, seed: int) -> None:
    trace = entangled(program).run(AtRandom(seed))
    player = Player(tape_of(trace))

    again = entangled(program).run(player)

    assert schedule_of(again) == schedule_of(trace)
    assert player.unfit == ()


@given(program=st.integers(0, 2**32), seed=st.integers(0, 2**32))
def test_no_deviation_of_a_tape_is_idle(program: int, seed: int) -> None:
    trace = entangled(program).run(AtRandom(seed))

    tape = tape_of(trace)

    assert not any(
        makes(tuple(one for one in tape if one is not idle), trace) for idle in tape
    )


@given(program=st.integers(0, 2**32), seed=st.integers(0, 2**32), drop=st.integers())
def test_a_tape_that_lost_deviations_still_plays_to_the_end(
    program: int, seed: int, drop: int
) -> None:
    whole = tape_of(entangled(program).run(AtRandom(seed)))
    rng = Random(drop)
    part = tuple(one for one in whole if rng.random() < 0.5)
    toy = entangled(program)

    toy.run(Player(part))

    assert not toy.parked


def test_first_come_has_an_empty_tape() -> None:
    trace = Toy({"a": steps(3), "b": steps(3)}).run(FirstCome())

    assert trace
    assert tape_of(trace) == ()


def three() -> Toy:
    return Toy({"a": steps(3), "b": steps(3), "c": steps(3)})


def test_one_operation_held_back_behind_many_is_one_deviation() -> None:
    others = (Key("b", 0), Key("c", 0), Key("b", 1), Key("c", 1), Key("b", 2))
    trace = three().run(Listed(*others))

    (deviation,) = tape_of(trace)

    assert schedule_of(trace)[:5] == others
    assert deviation == Deviation(Key("b", 2), ahead_of=Key("a", 0))
    assert str(deviation) == "b #2 ahead of a #0"


def test_a_later_deviation_still_happens_when_an_earlier_one_is_left_out() -> None:
    first = Deviation(Key("b", 0), ahead_of=Key("a", 0))
    second = Deviation(Key("c", 2), ahead_of=Key("b", 2))
    toy = three()
    player = Player((second,))

    toy.run(player)

    assert tape_of(three().run(Player((first, second)))) == (first, second)
    order = keys(toy)
    assert order[0] == Key("a", 0)
    assert order.index(Key("c", 2)) < order.index(Key("b", 2))
    assert player.unfit == ()


def test_a_deviation_about_an_operation_that_never_comes_does_not_fit() -> None:
    never = Deviation(Key("b", 7), ahead_of=Key("a", 1))
    toy = three()
    player = Player((never,))

    toy.run(player)

    assert player.unfit == (never,)
    assert keys(toy)[-2:] == [Key("a", 1), Key("a", 2)]  # held as long as others went


def test_an_order_that_came_about_by_itself_fits_and_holds_nothing() -> None:
    toy = three()
    player = Player((Deviation(Key("b", 0), ahead_of=Key("a", 1)),))

    toy.run(player)

    undisturbed = three()
    undisturbed.run(FirstCome())
    assert player.unfit == ()
    assert keys(toy) == keys(undisturbed)


def test_what_has_gone_where_there_was_no_choice_is_not_waited_for() -> None:
    went: list[str] = []

    def late() -> Task:
        yield Until(lambda: bool(went))
        yield from steps(2)

    def program() -> Toy:
        return Toy({"a": steps(3, then=lambda: went.append("a")), "b": late()})

    alone = Key("a", 0)  # it goes before b has anything parked
    toy = Toy({"a": steps(1), "b": steps(3), "c": steps(3)})
    player = Player((Deviation(alone, ahead_of=Key("b", 1)),))
    toy.run(player)
    assert player.unfit == ()

    held = Player((Deviation(Key("a", 1), ahead_of=Key("b", 0)),))
    toy = program()
    toy.run(held)
    assert keys(toy) == [Key("a", n) for n in range(3)] + [Key("b", n) for n in (0, 1)]


def test_an_outcome_happens_when_its_operation_is_taken_and_moves_nothing() -> None:
    toy = Toy({"a": steps(3), "b": steps(3)}, {"b": ("cancel", "raise")})

    trace = toy.run(Player((Deviation(Key("b", 1, "raise")),)))

    assert keys(toy) == [
        Key("a", 0),
        Key("b", 0),
        Key("a", 1),
        Key("b", 1, "raise"),
        Key("a", 2),
    ]
    assert tape_of(trace) == (Deviation(Key("b", 1, "raise")),)


def test_going_ahead_and_ending_otherwise_are_two_deviations() -> None:
    toy = Toy({"a": steps(2), "b": steps(2)}, {"b": ("cancel",)})

    trace = toy.run(Listed(Key("b", 0, "cancel")))

    assert tape_of(trace) == (
        Deviation(Key("b", 0), ahead_of=Key("a", 0)),
        Deviation(Key("b", 0, "cancel")),
    )
    assert str(tape_of(trace)[1]) == "b #0 (cancel)"


def test_an_outcome_that_stands_alone_happens_at_the_turn_of_another() -> None:
    options = (
        Operation("a", 0, "query", "SELECT"),
        Operation("b", 0, "query", "SELECT"),
        Operation("b", 0, "query", "SELECT", "raise"),
        Operation("client", 0, "cancel", "leaves", "leave"),
    )

    player = Player((Deviation(Key("client", 0, "leave"), ahead_of=Key("a", 0)),))
    assert player.choose(options) == 3
    assert player.choose(options[:3]) == 0


def test_time_that_passes_early_holds_nothing() -> None:
    def program() -> Toy:
        return Toy({"a": steps(2), "b": steps(2)}, ticks=3)

    tick = Key(CLOCK, 0)
    trace = program().run(Listed(Key("a", 0), tick))
    toy = program()
    toy.run(Player((Deviation(Key("b", 9), ahead_of=Key("a", 0)),)))

    assert tape_of(trace) == (Deviation(tick, ahead_of=Key("b", 0)),)
    assert toy.now == 0  # what is held for nothing does not make time pass


def test_what_an_operation_is_told_leaves_it_where_it_is() -> None:
    toy = Toy({"a": steps(2), "b": steps(2)}, {"b": ("disconnect",)})

    trace = toy.run(Listed(Key("b", 0, "disconnect")))

    assert tape_of(trace) == (Deviation(Key("b", 0, "disconnect"), Key("a", 0)),)
    assert keys(toy)[1:3] == [Key("a", 0), Key("b", 0)]


def test_an_operation_that_was_told_something_can_still_be_overtaken() -> None:
    def program() -> Toy:
        return Toy(
            {"a": steps(1), "b": steps(2), "c": steps(2)}, {"b": ("disconnect",)}
        )

    wanted = (Key("b", 0, "disconnect"), Key("a", 0), Key("c", 0))
    player = Player(tape_of(program().run(Listed(*wanted))))
    toy = program()

    toy.run(player)

    assert tuple(keys(toy)[:3]) == wanted
    assert player.unfit == ()


def test_schedules_of_changed_priorities_have_short_tapes() -> None:
    def program() -> Toy:
        return Toy({name: steps(12) for name in "abc"})

    extent = Extent.of(program().run(FirstCome()))
    strategy = Pct(2, extent, seed="1")

    for _ in range(20):
        trace = program().run(strategy.next())
        deviating = sum(1 for choice in trace if choice.taken)
        assert len(tape_of(trace)) <= 4 < deviating
