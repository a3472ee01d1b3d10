"""Whether the same choices give the same run, each time in a process of its own.

    python -m benchmarks replays [--times 20] [--idle]

A cold start of two tenants on real Postgres, two who want one row, and the same with
one of them cancelled on its way. Each runs so often with the same seed, with other hash
seeds, while another process keeps a processor busy; it prints how many runs were alike.
It ends with 1 unless all were.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import asyncpg

from harness.environment.embedded import embedded

REASON: Final = "a benchmark asks for it"
TIMES: Final = 20
SCENARIOS: Final = {"cold start": 11, "contended row": 3, "cancelled": 14}
"""With a seed of choices that meet what each is about."""
TABLE: Final = (
    "create table counters (name text primary key, value int not null);"
    "insert into counters values ('x', 0), ('y', 0)"
)


def main(arguments: Sequence[str]) -> int:
    """Run all and print a table; 1 unless all runs were alike."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--idle", action="store_true", help="without the other process")
    options = parser.parse_args(arguments)
    return asyncio.run(_served(options.times, idle=options.idle))


async def _served(times: int, *, idle: bool) -> int:
    async with embedded(reason=REASON) as server:
        connection = await asyncpg.connect(server.dsn)
        await connection.execute(TABLE)
        await connection.close()
        return await asyncio.to_thread(_compare, server.dsn, times, idle=idle)


def _compare(dsn: str, times: int, *, idle: bool) -> int:
    failed = 0
    print("| scenario | seed | choices | alike |\n| --- | ---: | ---: | ---: |")
    with contextlib.nullcontext() if idle else _load():
        for scenario, seed in SCENARIOS.items():
            printed = Counter(
                _run(dsn, scenario, seed, hash_seed=time) for time in range(times)
            )
            most, alike = printed.most_common(1)[0]
            failed += alike < times
            choices = most.partition(" ")[0]
            row = f"| {scenario} | {seed} | {choices} | {alike} of {times} |"
            print(row, flush=True)
    return 1 if failed else 0


@contextlib.contextmanager
def _load() -> Iterator[None]:
    busy = "x = 0\nwhile True:\n    x += 1"
    with subprocess.Popen([sys.executable, "-c", busy]) as process:
        try:
            yield
        finally:
            process.kill()


def _run(dsn: str, scenario: str, seed: int, *, hash_seed: int) -> str:
    return subprocess.run(
        [
            *(sys.executable, "-m", "tests.scheduling.replay_child"),
            *(dsn, scenario, str(seed)),
        ],
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout.strip()


if __name__ == "__main__":
    raise SystemExit(main([]))
