"""Benchmarks: ``python -m benchmarks [NAME [OPTION…]]``; all, one after the other."""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks import (
    environment,
    hosting,
    provisioning,
    races,
    replays,
    scanning,
    schedule_parts,
    schedules,
    search,
    storages,
    strategies,
    swarm,
)

Benchmark = Callable[[list[str]], int | None]


def benchmarks() -> dict[str, Benchmark]:
    """Return each benchmark by its name."""
    return {
        "scanning": scanning.main,
        "swarm": swarm.main,
        "hosting": hosting.main,
        "environment": environment.main,
        "storages": storages.main,
        "provisioning": provisioning.main,
        "search": search.main,
        "strategies": strategies.main,
        "schedules": schedules.main,
        "schedule_parts": schedule_parts.main,
        "replays": replays.main,
        "races": races.main,
    }


def main(arguments: list[str]) -> int:
    """Run the benchmark that is named, or each with its defaults."""
    known = benchmarks()
    if arguments and arguments[0] not in known:
        sys.stderr.write(f"There are: {', '.join(known)}.\n")
        return 2
    if arguments:
        return known[arguments[0]](arguments[1:]) or 0
    for name, benchmark in known.items():
        print(f"## {name}", flush=True)
        benchmark([])
        print(flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
