"""How a budget of schedules is best shared among the search strategies.

    python -m benchmarks search [--budget 200] [--runs 400] [--seeds 0]

Races planted into toy programs, each in four settings: alone and among three requests
that have nothing to do with it, with and without operations that can be cancelled or
fail. The first table says how likely one schedule of each random strategy shows the
race, and which schedule of the levels of deviations does. The second takes from that,
for each way to share the budget in tenths, how likely the race stays unseen: on
average, and for the five races that are worst then. The third, with `--seeds`, runs the
portfolio as it is, and counts in how many seeds it finds the race.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, combinations, pairwise
from typing import Any, Final

from harness.scheduling.choice import Chooser, FirstCome, Trace
from harness.scheduling.search.crossings import Crossings
from harness.scheduling.search.deviations import Deviations
from harness.scheduling.search.pct import Pct
from harness.scheduling.search.portfolio import (
    CROSSINGS,
    DEVIATIONS,
    PCT_2,
    PCT_3,
    SHARES,
    UNIFORM,
    Portfolio,
)
from harness.scheduling.search.strategy import Extent
from harness.scheduling.search.uniform import Uniform
from tests.scheduling.planted import CORRECT, ENDINGS, RACES, Race, staged

SETTINGS: Final[Mapping[str, Mapping[str, Any]]] = {
    "alone": {"endings": False},
    "crowded": {"length": 5, "bystanders": 3, "endings": False},
    "alone, endings": {},
    "crowded, endings": {"length": 5, "bystanders": 3},
}
RANDOM: Final = (PCT_2, PCT_3, UNIFORM, CROSSINGS)
TENTHS: Final = 10
WORST: Final = 5


@dataclass(frozen=True)
class Case:
    """A race in one setting."""

    race: Race
    setting: str

    def run(self, chooser: Chooser) -> tuple[Trace, bool]:
        """Run one schedule; tell also whether the race showed."""
        toy, world = staged(self.race, **SETTINGS[self.setting])
        trace = toy.run(chooser)
        return trace, bool(world.bad)


@dataclass(frozen=True)
class Measured:
    """What was measured of a case.

    Attributes:
        case: Which one.
        extent: How large it is.
        chances: Of one schedule of each random strategy.
        ends: How many schedules there are up to each level of deviations, as far as
            the levels fit the budget.
        first: The first of them that shows the race; 0 if none does.
    """

    case: Case
    extent: Extent
    chances: Mapping[str, float]
    ends: tuple[int, ...]
    first: int

    def unseen(self, shares: Mapping[str, float], budget: int) -> float:
        """Return how likely the race stays unseen when the budget is shared so."""
        share = 1 + int((budget - 1) * shares[DEVIATIONS])
        used = max(end for end in self.ends if end <= share)
        if 0 < self.first <= used:
            return 0.0
        total = sum(shares[name] for name in RANDOM)
        unseen = 1.0
        for name in RANDOM:
            runs = (budget - used) * shares[name] / total
            unseen *= (1 - self.chances[name]) ** runs
        return unseen


def cases() -> Iterator[Case]:
    """Give each race in each setting that can show it, but not at first come."""
    for setting, options in SETTINGS.items():
        for race in RACES:
            case = Case(race, setting)
            possible = options.get("endings", True) or race not in ENDINGS
            if possible and not case.run(FirstCome())[1]:
                yield case


def measured(case: Case, *, budget: int, runs: int) -> Measured:
    """Measure a case.

    Args:
        case: Which one.
        budget: Most schedules of the levels of deviations.
        runs: How many schedules of each random strategy.
    """
    extent = Extent.of(case.run(FirstCome())[0])
    strategies: dict[str, Pct | Uniform | Crossings] = {
        PCT_2: Pct(2, extent, seed=PCT_2),
        PCT_3: Pct(3, extent, seed=PCT_3),
        UNIFORM: Uniform(extent, seed=UNIFORM),
        CROSSINGS: Crossings(seed=CROSSINGS),
    }
    chances = {
        name: sum(case.run(strategy.next())[1] for _ in range(runs)) / runs
        for name, strategy in strategies.items()
    }
    levels = Deviations(budget=budget)
    first = 0
    while (chooser := levels.next()) is not None:
        trace, shown = case.run(chooser)
        levels.record(trace)
        if shown and not first:
            first = levels.count
    ends = accumulate(
        levels.size(level) or 0 for level in range((levels.complete or 0) + 1)
    )
    return Measured(case, extent, chances, tuple(ends), first)


def ways() -> Iterator[dict[str, float]]:
    """Give each way to share a budget in tenths, something for each strategy."""
    names = (DEVIATIONS, *RANDOM)
    for cuts in combinations(range(1, TENTHS), len(names) - 1):
        parts = [high - low for low, high in pairwise((0, *cuts, TENTHS))]
        yield {name: part / TENTHS for name, part in zip(names, parts, strict=True)}


def in_use() -> dict[str, float]:
    """Return how the portfolio shares what these strategies have of its budget."""
    return {name: SHARES[name] for name in (DEVIATIONS, *RANDOM)}


def show_ways(every: list[Measured], budget: int) -> None:
    """Print the best ways to share a budget, and the one in use."""

    def judged(way: Mapping[str, float]) -> tuple[float, list[float]]:
        unseen = sorted(one.unseen(way, budget) for one in every)
        return statistics.fmean(unseen), unseen[-WORST:][::-1]

    best = sorted(ways(), key=lambda way: judged(way)[0])
    print("\n levels  pct 2  pct 3 uniform crossings  unseen  worst; last: in use")
    for way in [*best[:8], best[-1], in_use()]:
        mean, worst = judged(way)
        parts = " ".join(f"{share:6.0%}" for share in way.values())
        shown = " ".join(f"{one:.1%}" for one in worst)
        print(f"{parts}  {mean:6.2%}  {shown}", flush=True)


def show_seeds(seeds: int, budget: int) -> None:
    """Print in how many seeds the portfolio finds each race, and what is none."""
    correct = [Case(race, setting) for race in CORRECT for setting in SETTINGS]
    for case in [*cases(), *correct]:
        found = sum(_finds(case, budget, seed) for seed in range(seeds))
        print(f"{case.setting:17} {case.race.__name__:40} {found}/{seeds}", flush=True)


def _finds(case: Case, budget: int, seed: int) -> bool:
    portfolio = Portfolio(budget, seed=seed)
    while (chosen := portfolio.next()) is not None:
        trace, shown = case.run(chosen[1])
        portfolio.record(trace)
        if shown:
            return True
    return False


def main(arguments: list[str]) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="benchmarks search")
    parser.add_argument("--budget", type=int, default=200)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=0)
    options = parser.parse_args(arguments)

    every = []
    print(
        f"{'':58}  n   k  pct 2  pct 3  uniform crossings  levels: first of", flush=True
    )
    for case in cases():
        one = measured(case, budget=options.budget, runs=options.runs)
        every.append(one)
        extent = f"{one.extent.actors:2} {one.extent.choices:3}"
        chances = " ".join(f"{chance:6.1%}" for chance in one.chances.values())
        fitting = max(end for end in one.ends if end <= options.budget)
        print(
            f"{case.setting:17} {case.race.__name__:40} {extent} {chances}   "
            f"{one.first or '-'} of {fitting}",
            flush=True,
        )
    show_ways(every, options.budget)
    if options.seeds:
        show_seeds(options.seeds, options.budget)
