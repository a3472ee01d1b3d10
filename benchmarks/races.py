"""Planted races, looked for in several ways side by side, each for the same wall time.

    python -m benchmarks races [--part postgres|doubles|cover] [--seconds 2]
        [--seeds 3] [--only NAME] [--frontrun PYTHON] [--simulators PYTHON]

By repeated `asyncio.gather`, by the harness' portfolio of schedules, by frontrun, and
by the simulators simloop and simloom. All run the same programs against the same
oracle: on real Postgres, and with doubles that suspend where it does, as a simulator
has no Postgres. frontrun and the simulators are looked for in the Pythons that are
named (the simulators need 3.12), with asyncpg and fastapi beside them. Then all
schedules with at most two deviations of a cold start are run, on real Postgres.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from benchmarks.racing.catalogue import catalogue
from benchmarks.racing.cold_start import cover
from harness.environment.embedded import embedded

REASON: Final = "a benchmark asks for it"
ON_POSTGRES: Final = ("gather", "harness", "frontrun")
WITH_DOUBLES: Final = ("gather", "harness", "frontrun", "simloop", "simloom")
PARTS: Final = ("postgres", "doubles", "cover")
SLACK: Final = 60.0
"""Seconds that a process may take beyond its searches: imports, and a tool's own."""

Result: TypeAlias = Mapping[str, Any]


def main(arguments: Sequence[str]) -> None:
    """Look for all, and print the tables."""
    parser = argparse.ArgumentParser(prog="benchmarks races")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each search")
    parser.add_argument("--seeds", type=int, default=3, help="searches of each")
    parser.add_argument("--only", help="the race that is looked for")
    parser.add_argument("--frontrun", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--simulators", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--part", choices=PARTS, help="only this part")
    options = parser.parse_args(arguments)

    def use(dsn: str) -> None:
        if options.part in {None, "postgres"}:
            show("on Postgres", ON_POSTGRES, dsn, options)
        if options.part in {None, "doubles"}:
            show("with doubles", WITH_DOUBLES, "", options)
        if options.part in {None, "cover"}:
            show_cover(dsn)

    asyncio.run(_served(use))


async def _served(use: Callable[[str], None]) -> None:
    async with embedded(reason=REASON) as server:
        await asyncio.to_thread(use, server.dsn)


def show(title: str, names: Sequence[str], dsn: str, options: Any) -> None:
    """Print the table of one kind of database, and what was odd."""
    print(f"| {title} | {' | '.join(names)} |")
    print(f"| --- |{' --- |' * len(names)}")
    odd: list[str] = []
    for name, program in catalogue().items():
        if options.only in {None, name}:
            every = {way: searched(way, name, dsn, options) for way in names}
            correct = program().correct
            cells = (cell(results, correct=correct) for results in every.values())
            kind = f"{name} (correct)" if correct else name
            print(f"| {kind} | {' | '.join(cells)} |", flush=True)
            odd.extend(
                f"- {way}, {name}: {note}"
                for way, results in every.items()
                for note in sorted({str(one.get("note", "")) for one in results} - {""})
            )
    print("", *odd, "", sep="\n", flush=True)


def searched(way: str, name: str, dsn: str, options: Any) -> list[Result]:
    """Search for one race in one way, under each seed, in a process of its own."""
    python = {"gather": sys.executable, "harness": sys.executable}
    python["frontrun"] = options.frontrun
    arguments = [way, name, str(options.seconds), str(options.seeds)]
    command = [python.get(way, options.simulators), "-m", "benchmarks.racing.child"]
    limit = options.seconds * options.seeds + SLACK
    try:
        done = subprocess.run(
            [*command, *arguments],
            env={**os.environ, "RACES_DSN": dsn},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [{"note": f"did not end within {limit:.0f} s"}]
    except FileNotFoundError:
        return [{"absent": True}]
    results = [json.loads(line) for line in done.stdout.splitlines()]
    return results or [{"note": f"ended with {done.returncode}"}]


def cell(results: Sequence[Result], *, correct: bool) -> str:
    """Return how often something was found, and how soon."""
    if any(one.get("absent") for one in results):
        return "not installed"
    alarms = [one for one in results if _alarms(one)]
    found = [one for one in results if one.get("found")]
    runs = statistics.median(one.get("runs", 0) for one in results)
    if not runs:
        return "cannot"
    if correct:
        shown = f"{len(alarms)} alarms" if alarms else "silent"
        return f"{shown}, {runs:.0f} runs"
    if not found:
        return f"0/{len(results)}, {runs:.0f} runs"
    took = statistics.median(one["took"] for one in found)
    soon = statistics.median(one["runs"] for one in found)
    return f"{len(found)}/{len(results)}, {took:.2f} s, run {soon:.0f}"


def _alarms(result: Result) -> bool:
    return bool(result.get("found") or result.get("note", "").startswith("alarm"))


def show_cover(dsn: str) -> None:
    """Print what all schedules with few deviations of a cold start show."""
    for row in _covered(dsn):
        print(row, flush=True)


def _covered(dsn: str) -> Iterator[str]:
    yield "| cold start | schedules | ended | errors | two pools | first | seconds |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    statements = []
    for name, locked in (("lock per tenant", True), ("check, await, set", False)):
        one = cover(dsn, locked=locked)
        statements.append(f"{name}: {one.statement}")
        yield (
            f"| {name} | {sum(one.levels)} | {one.ended} | {one.failed} | {one.twice} "
            f"| {one.first or '-'} | {one.seconds:.1f} |"
        )
    yield from ("", *statements)
