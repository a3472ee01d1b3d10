"""The budget is shared as documented, and what was covered is told as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.scheduling.choice import FirstCome, Schedule, schedule_of
from harness.scheduling.search.deviations import Deviations
from harness.scheduling.search.portfolio import DEVIATIONS, SHARES, Portfolio
from tests.scheduling.planted import CORRECT, RACES, Race, staged
from tests.scheduling.toy import Toy, steps

Program = Callable[[], Toy]


def played(portfolio: Portfolio, program: Program) -> list[tuple[str, Schedule]]:
    runs = []
    while (chosen := portfolio.next()) is not None:
        name, chooser = chosen
        trace = program().run(chooser)
        portfolio.record(trace)
        runs.append((name, schedule_of(trace)))
    return runs


def three() -> Toy:
    return Toy({name: steps(5) for name in "abc"})


def ending() -> Toy:
    return Toy({name: steps(5) for name in "abc"}, {"a": ("cancel", "raise")})


def test_the_shares_are_those_of_the_documentation() -> None:
    assert sum(SHARES.values()) == pytest.approx(1)

    portfolio = Portfolio(200, seed=1)
    runs = played(portfolio, three)

    level = Deviations(depth=1)
    while (chooser := level.next()) is not None:
        level.record(three().run(chooser))
    assert [name for name, _ in runs[: level.count]] == [
        "first come",
        *["deviations"] * (level.count - 1),
    ]
    left = 200 - level.count
    assert portfolio.counts["first come"] == 1
    assert portfolio.counts["deviations"] == level.count - 1 <= 0.3 * 199
    assert portfolio.counts["delays"] == pytest.approx(left * 6 / 54, abs=1)
    assert portfolio.counts["pct 2"] == pytest.approx(left * 4 / 54, abs=1)
    assert portfolio.counts["pct 3"] == pytest.approx(left * 16 / 54, abs=1)
    assert portfolio.counts["uniform"] == pytest.approx(left * 16 / 54, abs=1)
    assert portfolio.counts["crossings"] == pytest.approx(left * 12 / 54, abs=1)


def test_the_random_ones_take_turns_so_that_a_short_run_has_all_of_them() -> None:
    portfolio = Portfolio(20, seed=1)

    names = [name for name, _ in played(portfolio, three)]

    assert names[0] == "first come"
    assert set(names) - {"first come"} == {
        "delays",
        "pct 2",
        "pct 3",
        "uniform",
        "crossings",
    }


@pytest.mark.parametrize("program", [three, ending])
def test_the_same_seed_gives_the_same_schedules(program: Program) -> None:
    first = played(Portfolio(100, seed=5), program)

    assert played(Portfolio(100, seed=5), program) == first
    assert played(Portfolio(100, seed=6), program) != first


@pytest.mark.parametrize("program", [three, ending])
def test_exactly_the_budget_is_run_and_different_schedules_are_counted(
    program: Program,
) -> None:
    portfolio = Portfolio(150, seed=1)

    runs = played(portfolio, program)

    assert len(runs) == portfolio.counts.total() == 150
    assert portfolio.distinct == len({schedule for _, schedule in runs})


def test_a_program_with_few_schedules_has_all_of_them_run_and_no_more() -> None:
    portfolio = Portfolio(200, seed=1)

    runs = played(portfolio, lambda: Toy({"a": steps(2), "b": steps(3)}))

    assert len(runs) == portfolio.distinct == 10
    assert portfolio.exhausted
    assert portfolio.statement() == "All 10 schedules, at operation granularity."


def test_what_was_run_without_exception_is_stated() -> None:
    small, large = Portfolio(20, seed=1), Portfolio(200, seed=1)
    assert small.statement() == "No set of schedules was run as a whole."

    played(small, three)
    runs = played(large, three)

    assert small.depth == 0
    assert small.statement().startswith("First-come-first-served, and a sample")
    assert large.depth == 1
    assert large.covered == sum(name in {"first come", DEVIATIONS} for name, _ in runs)
    assert large.statement() == (
        f"All {large.covered} schedules with at most 1 deviation, "
        "at operation granularity."
    )


def test_where_one_deviation_has_too_many_schedules_it_is_told_how_many() -> None:
    level, orders = Deviations(depth=1), Deviations(depth=1)
    for one, program in ((level, ending), (orders, three)):
        while (chooser := one.next()) is not None:
            one.record(program().run(chooser))
    portfolio = Portfolio(50, seed=1)

    played(portfolio, ending)

    assert orders.count < level.count
    assert portfolio.depth == 0
    assert portfolio.statement() == (
        "First-come-first-served, and a sample of the other schedules: "
        f"{level.count - 1} have 1 deviation, {orders.count - 1} of them in who goes "
        "first."
    )


def test_with_the_whole_budget_the_levels_go_as_deep_as_it_fits() -> None:
    deep = Portfolio(5_000, seed=1, shares={DEVIATIONS: 1})

    runs = played(deep, three)

    depth = deep.depth
    assert depth is not None
    assert depth >= 2
    assert deep.covered == len(runs) == deep.distinct
    assert f"at most {depth} deviations" in deep.statement()


def test_of_a_program_that_differs_from_run_to_run_nothing_is_stated() -> None:
    portfolio = Portfolio(200, seed=1)
    names = iter("bcdefghijk" * 20)

    played(portfolio, lambda: Toy({"a": steps(4), next(names): steps(4)}))

    assert portfolio.parted
    assert portfolio.depth is None
    assert portfolio.statement() == "No set of schedules was run as a whole."


def test_its_extent_and_bounds_are_those_of_the_first_run() -> None:
    portfolio = Portfolio(10, seed=1)

    played(portfolio, three)

    assert (portfolio.extent.actors, portfolio.extent.choices) == (3, 14)
    assert portfolio.bounds["pct 2"] == pytest.approx(1 / (3 * 14))
    assert portfolio.bounds["pct 3"] == pytest.approx(1 / (3 * 14**2))


def test_a_run_that_was_not_asked_for_is_refused() -> None:
    with pytest.raises(RuntimeError, match="under way"):
        Portfolio(10, seed=1).record(three().run(FirstCome()))


@pytest.mark.parametrize("race", RACES)
def test_each_planted_race_is_found_within_200_schedules(race: Race) -> None:
    assert finds(race, 200, seed=20260101)


@pytest.mark.parametrize("race", CORRECT)
def test_what_is_no_race_is_not_found(race: Race) -> None:
    assert not finds(race, 400, seed=20260101)


def finds(race: Race, budget: int, *, seed: int) -> bool:
    portfolio = Portfolio(budget, seed=seed)
    while (chosen := portfolio.next()) is not None:
        toy, world = staged(race)
        portfolio.record(toy.run(chosen[1]))
        if world.bad:
            return True
    return False
