"""How often a schedule of each strategy shows a seeded race of the reference app.

    python -m benchmarks strategies [--runs 60] [--only VARIANT…]

Each race in the scenario that it names first (`Variant.scenarios`), on real Postgres.
Each strategy has as many schedules, or fewer where it has no more; the row says of how
many the race showed in how many. A race that first-come-first-served shows is left out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.cli.hashing import start_anew
from harness.exploring.grounds import Inputs
from harness.exploring.proving import Bench
from harness.exploring.schedules import Schedules
from harness.model.progress import silent
from harness.races.shelf import find_scenarios
from harness.run.grounds import open_venue
from harness.run.judgement import check
from harness.run.loading import load_target, with_variant
from harness.run.order import Order
from harness.scheduling.search.portfolio import (
    DEVIATIONS,
    FIRST_COME,
    SHARES,
    Portfolio,
)
from harness.settings import Settings

if TYPE_CHECKING:
    from harness.exploring.scenario import Scenario

TARGET: Final = "reference_app.target:target"
ROOT: Final = Path(__file__).parents[1]
TENANTS: Final = 2
SEED: Final = 1
STRATEGIES: Final = tuple(name for name in SHARES if name != DEVIATIONS)


def main(arguments: Sequence[str]) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="benchmarks strategies")
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--only", nargs="*", default=[], metavar="VARIANT")
    options = parser.parse_args(arguments)
    start_anew(SEED, tuple(sys.orig_argv))
    print(f"| race | scenario | {' | '.join(STRATEGIES)} |")
    print(f"| --- | --- |{' ---: |' * len(STRATEGIES)}", flush=True)
    known = load_target(TARGET, root=ROOT).variants
    for name, variant in known.items():
        wanted = name in options.only if options.only else True
        if wanted and variant.scenarios and not variant.harmless:
            (scenario,) = find_scenarios(variant.scenarios[:1])
            counts = measured(name, scenario, options.runs)
            if counts:
                cells = " | ".join(f"{shown} of {run}" for shown, run in counts)
                print(f"| `{name}` | `{scenario.name}` | {cells} |", flush=True)


def measured(name: str, scenario: Scenario, runs: int) -> list[tuple[int, int]]:
    """Return in how many schedules of how many each strategy shows a race.

    Args:
        name: The race's.
        scenario: What happens.
        runs: How many schedules each strategy has.

    Returns:
        A pair for each; nothing if the race shows where nobody interferes.
    """
    counts: list[tuple[int, int]] = []
    with tempfile.TemporaryDirectory() as directory:
        settings = Settings(
            target=TARGET,
            variant=name,
            seed=SEED,
            tenants=TENANTS,
            runs=Path(directory),
        )
        target = with_variant(load_target(TARGET, root=ROOT), name)
        with (
            open_venue(target, Order(settings, "", ROOT, silent)) as venue,
            venue.grounds(SEED) as grounds,
        ):
            bench = Bench(
                schedules=Schedules(grounds),
                judge=lambda events: check(venue.stage.history(events)),
                recorder=grounds.scene.recorder,
                variant=name,
                seed=SEED,
            )
            for strategy in STRATEGIES:
                shown = dict(_shown(bench, scenario, strategy, runs))
                if shown.pop(0):
                    return []
                counts.append((sum(shown.values()), len(shown)))
    return counts


def _shown(
    bench: Bench, scenario: Scenario, strategy: str, runs: int
) -> Iterator[tuple[int, bool]]:
    """Yield for each schedule whether it shows anything; 0 is first-come-first-served.

    Args:
        bench: Runs and judges schedules.
        scenario: What happens.
        strategy: Whose schedules follow the first.
        runs: How many.
    """
    inputs = Inputs(tuple(range(TENANTS)))
    portfolio = Portfolio(runs + 1, seed=SEED, shares={strategy: 1.0})
    while (chosen := portfolio.next()) is not None:
        name, chooser = chosen
        played, findings = bench.judged(scenario, inputs, chooser, name)
        portfolio.record(played.ran.trace)
        bench.recorder.forget(played.mark)
        number = 0 if name == FIRST_COME else portfolio.counts[strategy]
        yield number, bool(findings)


if __name__ == "__main__":
    main(sys.argv[1:])
