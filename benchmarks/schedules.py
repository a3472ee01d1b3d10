"""What one schedule costs.

    python -m benchmarks schedules [--rounds 60]

A cold start of two tenants whom three requests use at once, in an app that is a plain
class: with doubles of the database, and on real Postgres, where each schedule connects
anew. It is run as a schedule, each with a loop of its own and choices of its own, and
by plain `asyncio.run`, in turns. What sets the rows back is not in it.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from harness.environment.embedded import embedded
from harness.observe.gates.all import gated
from harness.scheduling.locks import Locks, NoLocks, locks_seen
from tests.scheduling.apps import cold_start, cold_start_in_memory
from tests.scheduling.ground import Scenario, Seeded, play

REASON: Final = "a benchmark asks for it"
ROUNDS: Final = 60

Row = tuple[str, float, float, float, int]


def main(arguments: Sequence[str]) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args(arguments).rounds
    dsns: list[str] = []

    async def serve(use: Callable[[], None]) -> None:
        async with embedded(reason=REASON) as server:
            dsns.append(server.dsn)
            await asyncio.to_thread(use)

    def use() -> None:
        print("| cold start | as a schedule (ms) | of that, processor | ", end="")
        print("plain asyncio (ms) | choices |")
        print("| --- | ---: | ---: | ---: | ---: |")
        for name, scheduled, processor, plain, choices in measured(dsns[0], rounds):
            print(f"| {name} | {scheduled:.2f} | {processor:.2f} | ", end="")
            print(f"{plain:.2f} | {choices} |", flush=True)

    asyncio.run(serve(use))


def measured(dsn: str, rounds: int) -> Iterator[Row]:
    """Yield a row for each kind of app."""
    with gated(), locks_seen(dsn) as locks:
        yield paired("without a database", cold_start_in_memory(), NoLocks(), rounds)
        suspending = cold_start(dsn, suspends=True, raises=False)
        yield paired("on Postgres", suspending, locks, rounds)


def paired(name: str, scenario: Scenario, locks: Locks, rounds: int) -> Row:
    """Run a scenario under schedules and without, in turns."""
    took: dict[str, list[float]] = defaultdict(list)
    choices = []
    for seed in range(rounds):
        wall, processor = time.perf_counter(), time.process_time()
        played = play(scenario, Seeded(seed), locks=locks)
        took["scheduled"].append(time.perf_counter() - wall)
        took["processor"].append(time.process_time() - processor)
        choices.append(len(played.ran.trace))
        wall = time.perf_counter()
        asyncio.run(_alone(scenario))
        took["plain"].append(time.perf_counter() - wall)
    ms = {key: 1000 * statistics.median(one) for key, one in took.items()}
    middle = int(statistics.median(choices))
    return name, ms["scheduled"], ms["processor"], ms["plain"], middle


async def _alone(scenario: Scenario) -> None:
    nobody: Any = None
    await scenario(nobody)


if __name__ == "__main__":
    main([])
