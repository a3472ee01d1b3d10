"""What one schedule costs.

    python -m benchmarks schedules [--rounds 60]

A cold start of two tenants whom three requests use at once, in an app that is a plain
class: with doubles of the database, and on real Postgres, where each request writes a
row and each schedule connects anew. It is run as a schedule, with a loop of its own and
choices of its own, and by plain `asyncio.run`, in turns. On Postgres the rows and the
sequence are set back before each; that is a row of its own, and part of the schedule.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg

from harness.environment.database import Database, create_database
from harness.environment.embedded import embedded
from harness.environment.fresh import FreshState, fresh_state
from harness.observe.gates.all import gated
from harness.scheduling.locks import Locks, NoLocks, locks_seen
from tests.scheduling.apps import cold_start, cold_start_in_memory
from tests.scheduling.ground import Scenario, Seeded, play

REASON: Final = "a benchmark asks for it"
ROUNDS: Final = 60
TABLE: Final = "create table uses (id serial primary key, tenant text not null)"
WRITES: Final = "insert into uses (tenant) values ($1) returning tenant"


@dataclass
class Took:
    """What rounds of one thing took, in seconds."""

    name: str
    aim: str = ""
    walls: list[float] = field(default_factory=list)
    processors: list[float] = field(default_factory=list)

    @contextlib.contextmanager
    def measured(self) -> Iterator[None]:
        """Measure a block as a round."""
        wall, processor = time.perf_counter(), time.process_time()
        yield
        self.walls.append(time.perf_counter() - wall)
        self.processors.append(time.process_time() - processor)

    def __str__(self) -> str:
        """Return it as a row of a table."""
        wall = 1000 * statistics.median(self.walls)
        processor = 1000 * statistics.median(self.processors)
        return f"| {self.name} | {wall:.2f} | {processor:.2f} | {self.aim} |"


def main(arguments: Sequence[str]) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args(arguments).rounds
    print("| cold start | ms | of that, processor | aim |")
    print("| --- | ---: | ---: | ---: |")
    with gated():
        in_memory(rounds)
        asyncio.run(served(lambda database: on_postgres(database, rounds)))


async def served(use: Callable[[Database], None]) -> None:
    """Call a function that needs a database, on a thread that has no event loop."""
    async with (
        embedded(reason=REASON) as server,
        create_database(server, "app") as database,
    ):
        connection = await asyncpg.connect(database.dsn)
        await connection.execute(TABLE)
        await connection.close()
        await asyncio.to_thread(use, database)


def in_memory(rounds: int) -> None:
    """Measure it without a database."""
    scheduled = Took("without a database: a schedule", "2.5")
    plain = Took("plain asyncio")
    scenario = cold_start_in_memory()
    choices = []
    for seed in range(rounds):
        with scheduled.measured():
            choices.append(chosen(scenario, seed, NoLocks()))
        with plain.measured():
            asyncio.run(alone(scenario))
    shown(choices, scheduled, plain)


def on_postgres(database: Database, rounds: int) -> None:
    """Measure it on a database."""
    scheduled = Took("on Postgres: a schedule and setting back", "30")
    reset = Took("of that, setting back")
    plain = Took("plain asyncio, without setting back")
    scenario = cold_start(database.dsn, suspends=True, raises=False, asks=WRITES)
    choices = []
    with (
        locks_seen(database.server.dsn) as locks,
        asyncio.Runner() as runner,
        kept(database, runner) as state,
    ):
        for seed in range(rounds):
            with scheduled.measured():
                with reset.measured():
                    runner.run(state.restore())
                choices.append(chosen(scenario, seed, locks))
            with plain.measured():
                asyncio.run(alone(scenario))
    shown(choices, scheduled, reset, plain)


@contextlib.contextmanager
def kept(database: Database, runner: asyncio.Runner) -> Iterator[FreshState]:
    """Have the state of a database, to set it back to."""
    stack = contextlib.AsyncExitStack()
    try:
        way = fresh_state("delete", database)
        state = runner.run(stack.enter_async_context(way))
        runner.run(state.snapshot())
        yield state
    finally:
        runner.run(stack.aclose())


def chosen(scenario: Scenario, seed: int, locks: Locks) -> int:
    """Run a schedule; return in how many choices."""
    return len(play(scenario, Seeded(seed), locks=locks).ran.trace)


def shown(choices: Sequence[int], *rows: Took) -> None:
    """Print rows of the table; the first one is a schedule's."""
    rows[0].name += f", {int(statistics.median(choices))} choices"
    for row in rows:
        print(row, flush=True)


async def alone(scenario: Scenario) -> None:
    """Run it without a kernel."""
    nobody: Any = None
    await scenario(nobody)


if __name__ == "__main__":
    main([])
