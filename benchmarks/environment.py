"""What a server and a fresh state cost.

    python benchmarks/environment.py [--rounds 5] [--restores 30] [--image IMAGE]

The first part starts and stops the embedded server: with nothing prepared, and with
the prepared cluster of an earlier run. With `--image` it does the same with a
container of that image. The second part reads and restores a database of 18 tables
with 20 rows each, after none, some or all of its tables were written to.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Final

import asyncpg

from harness.environment.account import server_account
from harness.environment.binaries import find_binaries, reachable
from harness.environment.cluster import new_cluster
from harness.environment.container import container
from harness.environment.database import create_database
from harness.environment.embedded import embedded
from harness.environment.fresh import Strategy, fresh_state
from harness.environment.fresh.fingerprint import open_connection, take_fingerprint
from harness.environment.place import find_place
from harness.environment.server import Postgres

TABLES: Final = 18
ROWS: Final = 20
RESTORES: Final[tuple[tuple[Strategy, int], ...]] = (
    ("delete", 0),
    ("delete", 2),
    ("delete", TABLES),
    ("template", 2),
)
REASON: Final = "a benchmark asks for it"

Samples = dict[str, list[float]]


@contextmanager
def timed(samples: Samples, name: str) -> Iterator[None]:
    """Add the seconds that the block takes."""
    start = time.perf_counter()
    yield
    samples[name].append(time.perf_counter() - start)


@contextmanager
def home() -> Iterator[Path]:
    """An empty place that the server's account can reach."""
    path = Path(tempfile.mkdtemp(prefix="harness-benchmark-"))
    path.chmod(0o711)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


async def clusters(samples: Samples, rounds: int) -> None:
    """Time the making of a data directory: by initdb, and by copying one."""
    account = server_account()
    for _ in range(rounds):
        with home() as path:
            place = find_place(path, account)
            binaries = reachable(find_binaries(), account=account, place=place)
            for name in ("initdb, and a copy", "a copy of a prepared cluster"):
                with place.run() as directory, timed(samples, name):
                    await new_cluster(
                        directory, binaries=binaries, account=account, place=place
                    )


async def servers(samples: Samples, rounds: int) -> None:
    """Time start and stop of the embedded server, at first and from then on."""
    names = ("embedded, first start", "embedded, later start")
    samples.update((name, []) for name in names)
    for _ in range(rounds):
        with home() as path:
            for name in names:
                server = embedded(reason=REASON, home=path)
                await up_and_down(samples, name, "embedded, stop", server)


async def containers(samples: Samples, rounds: int, image: str) -> None:
    """Time start and stop of a container; its image is fetched before."""
    async with container(reason=REASON, image=image):
        pass
    for _ in range(rounds):
        server = container(reason=REASON, image=image)
        await up_and_down(samples, "container, start", "container, stop", server)


async def up_and_down(
    samples: Samples,
    starting: str,
    stopping: str,
    server: AbstractAsyncContextManager[Postgres],
) -> None:
    """Time how long a server takes until it answers, and until it is gone."""
    began = time.perf_counter()
    async with server:
        samples[starting].append(time.perf_counter() - began)
        began = time.perf_counter()
    samples[stopping].append(time.perf_counter() - began)


def schema() -> str:
    """Return the statements that make the tables and fill them."""
    columns = "id bigint generated always as identity primary key, body text not null"
    rows = " union all ".join(f"select 'row {number}'" for number in range(ROWS))
    return ";".join(
        f"create table t{number} ({columns});insert into t{number} (body) {rows}"
        for number in range(TABLES)
    )


def writes(tables: int) -> str:
    """Return the statements that add a row to each of the first tables."""
    return ";".join(
        f"insert into t{number} (body) values ('new')"  # noqa: S608
        for number in range(tables)
    )


async def restores(pg: Postgres, samples: Samples, rounds: int) -> None:
    """Time reading the state, and bringing it back by each strategy."""
    for strategy, tables in RESTORES:
        async with create_database(pg, "benchmark") as database:
            await execute(database.dsn, schema())
            async with fresh_state(strategy, database) as state:
                await state.snapshot()
                for _ in range(rounds):
                    if tables:
                        await execute(database.dsn, writes(tables))
                    with timed(samples, f"{strategy}, {tables} tables written"):
                        await state.restore()
    async with create_database(pg, "benchmark") as database:
        await execute(database.dsn, schema())
        connection = await open_connection(database.dsn)
        try:
            for _ in range(rounds):
                with timed(samples, "fingerprint"):
                    await take_fingerprint(connection)
        finally:
            await connection.close()


async def execute(dsn: str, statements: str) -> None:
    """Run statements as the app would: on a connection of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


async def on_a_server(measure: Callable[[Postgres], Awaitable[None]]) -> str:
    """Run a measurement on an embedded server; return the server's version."""
    with home() as path:
        async with embedded(reason=REASON, home=path) as pg:
            await measure(pg)
            return pg.version


def show(title: str, samples: Samples, *, unit: float) -> None:
    """Print medians, and the range that the middle four fifths lie in."""
    print(f"{title:<32}{'median':>9}{'10 %':>9}{'90 %':>9}")
    for name, values in samples.items():
        ordered = sorted(value / unit for value in values)
        low, high = (ordered[round(part * (len(ordered) - 1))] for part in (0.1, 0.9))
        middle = statistics.median(ordered)
        print(f"{name:<32}{middle:>9.2f}{low:>9.2f}{high:>9.2f}")


async def measure(rounds: int, times: int, image: str) -> None:
    """Measure and print."""
    starts: Samples = defaultdict(list)
    await clusters(starts, rounds)
    await servers(starts, rounds)
    if image:
        await containers(starts, rounds, image)
    states: Samples = defaultdict(list)
    version = await on_a_server(lambda pg: restores(pg, states, times))
    show(f"{rounds} rounds (s)", starts, unit=1.0)
    print()
    show(f"{TABLES} tables, {times} times (ms)", states, unit=1e-3)
    print(f"\nembedded Postgres {version}")


def main(arguments: list[str] | None = None) -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--restores", type=int, default=30)
    parser.add_argument("--image", default="", help="measure a container as well")
    options = parser.parse_args(arguments)
    asyncio.run(measure(options.rounds, options.restores, options.image))


if __name__ == "__main__":
    main()
