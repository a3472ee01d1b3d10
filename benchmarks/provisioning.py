"""What worlds of many tenants cost: made, and taken from their snapshot.

    python -m benchmarks provisioning [--tenants 10,200,1000] [--rounds 1]

Makes worlds of the reference app on the embedded server, without objects and log-ins,
and prints how long each phase took: until the server is up (which includes unpacking
the snapshot), until the world is there, until it is kept; then the whole. What a file
costs is printed as well, since files are most of what a world consists of: on ext4
without a journal one costs twenty times as much near files that were just deleted.
So are the seconds of processor time, packing and the server's end included: they say
more than the others on a machine that does other work too.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from harness.environment.account import server_account
from harness.environment.place import find_place
from harness.model.progress import Progress
from harness.run.loading import load_target
from harness.run.order import Order
from harness.run.provisioned import provisioned
from harness.settings import Settings

ROOT: Final = Path(__file__).parents[1]
TARGET: Final = "reference_app.target:target"
FILES: Final = 2000


@dataclass
class Phases:
    """Seconds at which each phase of one world was over."""

    began: float = field(default_factory=time.perf_counter)
    over: dict[str, float] = field(default_factory=dict)

    def __call__(self, progress: Progress) -> None:
        if progress.done:
            self.mark(progress.phase)

    def mark(self, name: str) -> None:
        """Note that a phase is over."""
        self.over[name] = time.perf_counter() - self.began

    def took(self, name: str, after: str = "") -> float:
        """Return the seconds of a phase, from the end of the one before."""
        return self.over[name] - self.over.get(after, 0.0)


async def world(tenants: int, cache: Path) -> tuple[Phases, str]:
    """Have a world once; return its phases and where it came from."""
    phases = Phases()
    settings = Settings(target=TARGET, postgres="embedded", cache=cache)
    order = Order(settings, "", ROOT, phases)
    target = load_target(TARGET, root=ROOT)
    async with provisioned(
        target, order, tenants=tenants, seeded=0, logins=False
    ) as made:
        phases.mark("ready")
    phases.mark("gone")
    return phases, made.origin


def one_file() -> float:
    """Return the microseconds that a new file takes where servers live."""
    with find_place(None, server_account()).run() as directory:
        began = time.perf_counter()
        for number in range(FILES):
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
            os.close(os.open(directory / str(number), flags, 0o600))
        return (time.perf_counter() - began) / FILES * 1e6


def processor() -> tuple[float, float]:
    """Return the processor time of this process, and of its children that ended."""
    own, children = (
        resource.getrusage(who)
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime, children.ru_utime + children.ru_stime


async def measure(sizes: list[int], rounds: int) -> None:
    """Measure and print."""
    print(f"{'':<34}{'server':>9}{'world':>9}{'ready':>9}{'gone':>9}")
    for tenants in sizes:
        for _ in range(rounds):
            cache = Path(tempfile.mkdtemp(prefix="harness-benchmark-"))
            try:
                for how in ("made", "from the snapshot"):
                    before = processor()
                    phases, origin = await world(tenants, cache)
                    own, others = (
                        after - then
                        for after, then in zip(processor(), before, strict=True)
                    )
                    figures = (
                        phases.took("postgres"),
                        phases.took("provision", "postgres"),
                        phases.took("ready"),
                        phases.took("gone", "ready"),
                    )
                    shown = "".join(f"{figure:>9.2f}" for figure in figures)
                    print(f"{f'{tenants} tenants, {how} (s)':<34}{shown}")
                    print(f"    {origin}; {one_file():.0f} µs a file; processor")
                    print(
                        f"    {own:.1f} s here, {others:.1f} s in children", flush=True
                    )
            finally:
                shutil.rmtree(cache, ignore_errors=True)


def main(arguments: list[str] | None = None) -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tenants", default="10,200,1000")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args(arguments)
    sizes = [int(size) for size in options.tenants.split(",")]
    asyncio.run(measure(sizes, options.rounds))


if __name__ == "__main__":
    main()
