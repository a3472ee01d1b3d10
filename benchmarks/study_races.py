"""Seeded races under many seeds, and what must stay silent.

``python -m benchmarks.study_races`` prints one row per seeded race: under how many
seeds it was found within the budget, after how many schedules of the scenario that
showed it, and by what. Under each seed the scenarios that have shown it so far are
explored first, each whole; then all the others, where these show nothing. What is found
does not depend on that order, only how long it takes.

Then the app itself and its look-alikes, which must stay silent. With all seeds it takes
hours; ``--only`` names variants.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from harness.cli.hashing import start_anew
from harness.errors import HarnessError
from harness.model.progress import silent
from harness.races.shelf import find_scenarios, known_scenarios
from harness.run import Order
from harness.run.grounds import open_venue
from harness.run.loading import load_target, with_variant
from harness.run.mutants import first_finding
from harness.run.races import explore_at
from harness.settings import Settings

if TYPE_CHECKING:
    from harness.model.result import Result

TARGET = "reference_app.target:target"
ROOT = Path(__file__).parent.parent
TENANTS = 2
BUDGET = 200
"""Schedules of each scenario within which a seeded race has to be found."""
TWINS = 4
"""Schedules of each scenario, of each look-alike under each seed."""


@dataclass(slots=True)
class Row:
    """What became of a seeded race over the seeds."""

    name: str
    found: int = 0
    missed: list[int] = field(default_factory=list)
    by: Counter[str] = field(default_factory=Counter)
    oracles: Counter[str] = field(default_factory=Counter)
    schedules: list[int] = field(default_factory=list)

    def add(self, seed: int, result: Result) -> None:
        """Take what came out under a seed."""
        if not result.findings:
            self.missed.append(seed)
            return
        self.found += 1
        self.oracles[result.findings[0].oracle] += 1
        for one in result.explored:
            if one.first:
                self.schedules.append(one.first)
                self.by[one.scenario] += 1

    def __str__(self) -> str:
        """Return it as a row of a table in Markdown."""
        scenarios = ", ".join(f"`{name}` {count}" for name, count in self.by.items())
        oracles = ", ".join(name for name, _ in self.oracles.most_common())
        missed = ", ".join(map(str, self.missed)) or "-"
        middle = f"{statistics.median(self.schedules):.0f}" if self.schedules else "-"
        return (
            f"| `{self.name}` | {self.found} of {self.found + len(self.missed)} "
            f"| {missed} | {middle} | {max(self.schedules, default=0) or '-'} "
            f"| {scenarios} | {oracles} |"
        )


def order(runs: Path, *, schedules: int, variant: str = "") -> Order:
    """Return what runs of the reference app are asked for."""
    settings = Settings(
        target=TARGET,
        variant=variant,
        seed=1,
        tenants=TENANTS,
        schedules=schedules,
        runs=runs,
    )
    return Order(settings, "", ROOT, silent)


def variants(*, harmless: bool, only: Sequence[str]) -> list[str]:
    """Return the races of the reference app, or what only looks like one."""
    known = load_target(TARGET, root=ROOT).variants
    return [
        name
        for name, one in known.items()
        if one.exercise == "races" and one.harmless == harmless
        if not only or name in only
    ]


def seeded(name: str, seeds: int, runs: Path) -> Row:
    """Look for a seeded race under each seed; its world is made once."""
    asked = order(runs, schedules=BUDGET, variant=name)
    target = load_target(TARGET, root=ROOT)
    row = Row(name)
    with open_venue(with_variant(target, name), asked) as venue:
        for seed in range(1, seeds + 1):
            preferred = [one for one, _ in row.by.most_common()]
            row.add(seed, first_finding(venue, asked.changed(seed=seed), preferred))
    return row


def silent_ones(name: str, seeds: int, schedules: int, runs: Path) -> Iterator[str]:
    """Explore what must stay silent; yield a row for each seed.

    Args:
        name: The variant; "" for the app itself.
        seeds: How many seeds.
        schedules: Of each scenario, for each seed.
        runs: Where runs are kept.
    """
    asked = order(runs, schedules=schedules, variant=name)
    target = load_target(TARGET, root=ROOT)
    with open_venue(with_variant(target, name), asked) as venue:
        for seed in range(1, seeds + 1):
            result = explore_at(venue, asked.changed(seed=seed), find_scenarios([]))
            run = sum(one.schedules for one in result.explored)
            found = "; ".join(one.summary for one in result.findings) or "-"
            outcome = result.verdict.outcome
            yield f"| {name or 'the app'} | {seed} | {run:,} | {outcome} | {found} |"


def main(arguments: list[str] | None = None) -> None:
    """Run the study and print its tables, each row as soon as there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--only", nargs="*", default=[], metavar="VARIANT")
    parser.add_argument("--silent-seeds", type=int, default=10)
    parser.add_argument("--silent-schedules", type=int, default=1000)
    options = parser.parse_args(arguments)
    start_anew(1, tuple(sys.orig_argv))
    with TemporaryDirectory() as directory:
        runs = Path(directory)
        if options.seeds:
            print("| race | found | missed by seed | schedules | most | by | of |")
            print("| --- | --- | --- | ---: | ---: | --- | --- |", flush=True)
            for name in variants(harmless=False, only=options.only):
                try:
                    print(seeded(name, options.seeds, runs), flush=True)
                except HarnessError as error:
                    print(f"| `{name}` | not judged: {error.message} |", flush=True)
        if options.silent_seeds:
            share = max(1, options.silent_schedules // len(known_scenarios()))
            silenced = {"": share} if not options.only else {}
            for name in variants(harmless=True, only=options.only):
                silenced[name] = TWINS
            print("\n| must be silent | seed | schedules | verdict | findings |")
            print("| --- | --- | ---: | --- | --- |", flush=True)
            for name, schedules in silenced.items():
                for row in silent_ones(name, options.silent_seeds, schedules, runs):
                    print(row, flush=True)


if __name__ == "__main__":
    main()
