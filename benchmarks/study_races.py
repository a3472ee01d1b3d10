"""Seeded races under many seeds, and the app itself.

``python -m benchmarks.study_races`` prints one row per variant: under how many seeds it
was found within the budget, after how many schedules of the scenario that showed it,
and by what. Then the reference app without a bug, which must stay silent. Takes hours
with all seeds; ``--only`` names variants.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.cli.hashing import start_anew
from harness.model.progress import silent
from harness.races.shelf import known_scenarios
from harness.run import MutantOutcome, Order, mutants, races
from harness.settings import Settings

TARGET = "reference_app.target:target"
ROOT = Path(__file__).parent.parent
BUDGET = 200
"""Schedules of each scenario within which a seeded race has to be found."""


@dataclass(slots=True)
class Row:
    """What became of one variant over the seeds."""

    harmless: bool = False
    found: int = 0
    unjudged: int = 0
    by: Counter[str] = field(default_factory=Counter)
    schedules: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, outcome: MutantOutcome) -> None:
        """Count what became of it under one seed."""
        self.harmless = outcome.harmless
        self.seconds.append(outcome.seconds)
        result = outcome.result
        if result is None or result.verdict.outcome.exit_code == 4:
            self.unjudged += 1
            return
        if not result.findings:
            return
        self.found += 1
        for one in result.explored:
            if one.first:
                self.schedules.append(one.first)
                self.by[f"{one.scenario}: {result.findings[0].shape}"] += 1


def order(seed: int, runs: Path, *, schedules: int) -> Order:
    """Return what a run of the reference app is asked for."""
    settings = Settings(target=TARGET, seed=seed, schedules=schedules, runs=runs)
    return Order(settings, "", ROOT, silent)


def seeded(seeds: int, only: list[str], runs: Path) -> dict[str, Row]:
    """Try the variants under each seed."""
    rows: dict[str, Row] = defaultdict(Row)
    for seed in range(1, seeds + 1):
        print(f"seed {seed} of {seeds}", flush=True)
        asked = order(seed, runs, schedules=BUDGET)
        for one in mutants(asked, only, exercise="races"):
            rows[one.name].add(one)
    return rows


def clean(seeds: int, schedules: int, runs: Path) -> list[str]:
    """Explore the app itself; return a line for each seed.

    Args:
        seeds: How many seeds.
        schedules: In total for each.
        runs: Where runs are kept.
    """
    share = max(1, schedules // len(known_scenarios()))
    lines = []
    for seed in range(1, seeds + 1):
        result = races(order(seed, runs, schedules=share))
        run = sum(one.schedules for one in result.explored)
        outcome = result.verdict.outcome
        lines.append(f"| {seed} | {run:,} | {len(result.findings)} | {outcome} |")
        print(lines[-1], flush=True)
    return lines


def table(rows: dict[str, Row], seeds: int) -> str:
    """Return the variants as a table in Markdown."""
    lines = [
        "| variant | kind | found | not judged | schedules (most) | first by | s |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in rows.items():
        kind = "equivalent" if row.harmless else "bug"
        by = next((what for what, _ in row.by.most_common(1)), "")
        took = "-"
        if row.schedules:
            took = f"{statistics.median(row.schedules):.0f} ({max(row.schedules)})"
        lines.append(
            f"| {name} | {kind} | {row.found}/{seeds} | {row.unjudged} | {took} | {by} "
            f"| {statistics.median(row.seconds):.1f} |"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Run the study and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--only", nargs="*", default=[], metavar="VARIANT")
    parser.add_argument("--clean-seeds", type=int, default=10)
    parser.add_argument("--clean-schedules", type=int, default=1000)
    options = parser.parse_args(arguments)
    start_anew(1, tuple(sys.orig_argv))
    with TemporaryDirectory() as directory:
        runs = Path(directory)
        if options.seeds:
            print(table(seeded(options.seeds, options.only, runs), options.seeds))
        if options.clean_seeds:
            print(
                "\n| seed | schedules | findings | verdict |\n| --- | --- | --- | --- |"
            )
            clean(options.clean_seeds, options.clean_schedules, runs)


if __name__ == "__main__":
    main()
