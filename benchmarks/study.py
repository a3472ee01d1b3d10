"""The mutants under ten seeds: is finding them luck? (``python -m benchmarks.study``)

Prints one row per variant: how often it was found with everything on, and how often
by the state machine alone, each run ending at its first finding. Takes about 15
minutes.
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.model.progress import silent
from harness.model.verdict import Outcome
from harness.run import MutantOutcome, Order, mutants
from harness.run.loading import load_target
from harness.settings import Settings

TARGET = "reference_app.target:target"
ROOT = Path(__file__).parent.parent


@dataclass(slots=True)
class Row:
    """What became of one variant over the seeds."""

    harmless: bool = False
    findings: int = 0
    alone: int = 0
    by: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


def outcomes(
    seed: int, names: list[str], runs: Path, *, sweep: bool
) -> list[MutantOutcome]:
    """Try variants under a seed."""
    settings = Settings(target=TARGET, seed=seed, sweep=sweep, together=12, runs=runs)
    return mutants(Order(settings, "", ROOT, silent), names)


def first(outcome: MutantOutcome) -> str:
    """Say by what a variant was found."""
    findings = outcome.result.findings if outcome.result else ()
    return f"{findings[0].oracle}, {findings[0].channel}" if findings else ""


def failed(outcome: MutantOutcome) -> bool:
    """Whether a variant was found out."""
    result = outcome.result
    return result is not None and result.verdict.outcome is Outcome.FAIL


def main(arguments: list[str] | None = None) -> None:
    """Run the study and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args(arguments)
    variants = load_target(TARGET, root=ROOT).variants
    bugs = [name for name, variant in variants.items() if not variant.harmless]
    rows: dict[str, Row] = defaultdict(Row)
    with TemporaryDirectory() as directory:
        runs = Path(directory)
        for seed in range(1, options.seeds + 1):
            print(f"seed {seed} of {options.seeds}", flush=True)
            for one in outcomes(seed, [], runs, sweep=True):
                row = rows[one.name]
                row.harmless = one.harmless
                row.findings += failed(one)
                row.by[first(one)] += failed(one)
                row.seconds.append(one.seconds)
            for one in outcomes(seed, bugs, runs, sweep=False):
                rows[one.name].alone += failed(one)
    print(table(rows, options.seeds))


def table(rows: dict[str, Row], seeds: int) -> str:
    """Return the table in Markdown."""
    lines = [
        "| variant | kind | found | by the machine alone | first by | median s |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in rows.items():
        kind = "equivalent" if row.harmless else "bug"
        alone = "" if row.harmless else f"{row.alone}/{seeds}"
        by = next((what for what, count in row.by.most_common(1) if count), "")
        seconds = statistics.median(row.seconds)
        lines.append(
            f"| {name} | {kind} | {row.findings}/{seeds} | {alone} | {by} "
            f"| {seconds:.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
