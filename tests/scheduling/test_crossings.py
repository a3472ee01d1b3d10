from __future__ import annotations

from random import Random

from harness.scheduling.choice import Operation
from harness.scheduling.search.crossings import Crossing, Crossings

NAMES = ("request 1", "request 2")
LENGTH = 4


def meet(seed: int, *, leaving: bool = False, rounds: int = 1) -> str:
    """Return in which order the operations of two actors go, met again and again."""
    chooser = Crossing(Random(seed))
    taken = ""
    for number in range(rounds):
        names = [f"request {2 * number + n}" for n in (1, 2)]
        done = dict.fromkeys(names, 0)
        while waiting := [one for one in names if done[one] < LENGTH]:
            options = [Operation(one, done[one], "query", "") for one in waiting]
            if leaving and names[0] in waiting:
                options.append(
                    Operation(names[0], done[names[0]], "query", "", "cancel sent")
                )
            if len(options) == 1:
                name, outcome = waiting[0], ""
            else:
                option = options[chooser.choose(options)]
                name, outcome = option.actor, option.outcome
            taken += "x" if outcome else "ab"[names.index(name)]
            done[name] = LENGTH if outcome else done[name] + 1
    return taken


def test_each_way_to_stop_one_actor_for_the_other_comes_up() -> None:
    orders = {meet(seed) for seed in range(300)}

    nested = {f"{'a' * n}bbbb{'a' * (4 - n)}" for n in range(5)}
    crossed = {"aabbaabb", "abbbaaab", "aaabbbab"}
    assert nested | crossed <= orders


def test_each_encounter_of_a_run_is_drawn_anew() -> None:
    taken = meet(3, rounds=40)

    orders = {taken[at : at + 2 * LENGTH] for at in range(0, len(taken), 2 * LENGTH)}
    assert len(orders) > 10


def test_who_may_leave_does_so_now_and_then_at_any_operation() -> None:
    left = [meet(seed, leaving=True) for seed in range(300)]

    places = {one.replace("b", "").index("x") for one in left if "x" in one}
    assert places == set(range(LENGTH))
    assert any("x" not in one for one in left)


def test_runs_of_one_seed_differ_and_come_again_with_it() -> None:
    def runs(seed: str) -> list[int]:
        strategy = Crossings(seed=seed)
        options = [Operation(name, 0, "query", "") for name in "abcdefgh"]
        return [strategy.next().choose(options) for _ in range(50)]

    assert len(set(runs("fixed"))) == 8
    assert runs("fixed") == runs("fixed") != runs("another")


def test_the_same_seed_takes_the_same_order() -> None:
    assert meet(5, leaving=True, rounds=9) == meet(5, leaving=True, rounds=9)
