"""What driving an app costs: bare, in this process with scanning, through httpx.

    python benchmarks/hosting.py [--rounds 30] [--requests 100]

The app is a FastAPI endpoint with an answer of 4 KB and no database. All ways take
turns within each round, so that a change of the machine's speed meets all alike;
ratios are medians over the rounds' own ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from fastapi import FastAPI

from harness.hosting.hosted import Hosted, Request
from harness.hosting.inprocess import in_process
from harness.hosting.loading import load
from harness.hosting.surroundings import surroundings
from harness.model.canary import CanaryKey
from harness.model.scanner import Scanner
from harness.recording.recorder import Recorder
from harness.target.app import AppSpec

SPEC: Final = AppSpec(app="hosting:create_app", directory=Path(__file__).parent)
TITLE: Final = "the quarter closed with zero open exceptions so finance may export it"
TARGET: Final = "/documents?page=1"
RATE: Final = 0.60
ADDED: Final = 1 / 3
LITERAL: Final = 0.03
ALL: Final = 0.15

Way = Callable[[], Awaitable[int]]
Scan = Callable[[bytes], object]


def create_app() -> FastAPI:
    """An app whose one endpoint answers with 4 KB."""
    app = FastAPI()

    @app.get("/documents")
    async def documents(page: int = 1) -> list[dict[str, Any]]:
        return [
            {"id": page * 1000 + number, "title": TITLE, "tags": ["a", "b"]}
            for number in range(36)
        ]

    return app


@dataclass(frozen=True, slots=True)
class Figure:
    """A way of driving the app.

    Attributes:
        name: For people.
        micros: Median microseconds a request.
        rounds: The same per round.
    """

    name: str
    micros: float
    rounds: tuple[float, ...]

    def over(self, other: Figure) -> float:
        """Median ratio of the times, round by round."""
        pairs = zip(self.rounds, other.rounds, strict=True)
        return statistics.median(mine / its for mine, its in pairs)


def bare(app: Any) -> Way:
    """The app called with the least that makes it answer."""

    async def call() -> int:
        chunks: list[bytes] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            chunks.append(message.get("body", b""))

        path, _, query = TARGET.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 50_000),
            "scheme": "http",
            "method": "GET",
            "root_path": "",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(b"host", b"a.localhost")],
            "state": {},
        }
        await app(scope, receive, send)
        return len(b"".join(chunks))

    return call


class Timed:
    """A scan that adds up the time that it takes where it is used."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self.seconds = 0.0

    def __call__(self, body: bytes) -> None:
        begin = time.perf_counter()
        self._scan(body)
        self.seconds += time.perf_counter() - begin

    def micros(self, requests: int) -> float:
        """Return the microseconds a request since the last time."""
        found = self.seconds / requests * 1e6
        self.seconds = 0.0
        return found


def driven(hosted: Hosted, scan: Scan) -> Way:
    """The app driven as an exercise does, its answer scanned."""
    request = Request("GET", TARGET, ((b"host", b"a.localhost"),))

    async def call() -> int:
        response = await hosted.send(request, exchange=1)
        scan(response.body)
        return len(response.body)

    return call


def through_httpx(client: httpx.AsyncClient) -> Way:
    """The app driven as most test suites do."""

    async def call() -> int:
        response = await client.get(TARGET, headers={"host": "a.localhost"})
        return len(response.content)

    return call


async def micros(way: Way, requests: int) -> float:
    """Return the microseconds that a request takes."""
    gc.collect()
    begin = time.perf_counter()
    for _ in range(requests):
        await way()
    return (time.perf_counter() - begin) / requests * 1e6


async def measure(rounds: int, requests: int) -> tuple[dict[str, Figure], int]:
    """Time all ways, taking turns; return the figures and the answer's size."""
    planted = ((t, f) for t in range(9) for f in (1, 9))
    scanner = Scanner(CanaryKey.from_seed(1), planted, sparing=True)
    with surroundings(SPEC):
        app = load(SPEC)
    transport = httpx.ASGITransport(app=app)
    async with (
        in_process(SPEC, Recorder(scanner)) as hosted,
        httpx.AsyncClient(transport=transport, base_url="http://app") as client,
    ):
        scans = {"literal": Timed(scanner.literal), "full": Timed(scanner.scan)}
        ways = {
            "bare": bare(app),
            "in process": driven(hosted, len),
            "+ literal scan": driven(hosted, scans["literal"]),
            "+ full scan": driven(hosted, scans["full"]),
            "ASGITransport": through_httpx(client),
        }
        sizes = {await way() for way in ways.values() for _ in range(20)}
        assert len(sizes) == 1, sizes
        for scan in scans.values():
            scan.micros(1)
        times: dict[str, list[float]] = {name: [] for name in (*ways, *scans)}
        for _ in range(rounds):
            for name, way in ways.items():
                times[name].append(await micros(way, requests))
            for name, scan in scans.items():
                times[name].append(scan.micros(requests))
    figures = {
        name: Figure(name, statistics.median(each), tuple(each))
        for name, each in times.items()
    }
    return figures, sizes.pop()


def added(figures: dict[str, Figure], name: str) -> float:
    """Return what a way adds to a bare request, as a part of what httpx adds."""
    rows = (
        figures[name].rounds,
        figures["ASGITransport"].rounds,
        figures["bare"].rounds,
    )
    return statistics.median((a - c) / (b - c) for a, b, c in zip(*rows, strict=True))


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--requests", type=int, default=100)
    options = parser.parse_args(arguments)
    figures, size = asyncio.run(measure(options.rounds, options.requests))

    print(f"one FastAPI endpoint, {size} bytes, {options.rounds} rounds")
    print(f"{'':18}{'µs/request':>12}{'requests/s':>12}{'rate':>8}")
    for name in (
        "bare",
        "in process",
        "+ literal scan",
        "+ full scan",
        "ASGITransport",
    ):
        one = figures[name]
        rate = 1 / one.over(figures["bare"])
        print(f"{name:18}{one.micros:12.1f}{1e6 / one.micros:12.0f}{rate:8.0%}")
    for what, value, holds in targets(figures):
        print(f"{'holds' if holds else 'FAILS':6} {what}: {value:.1%}")


def targets(figures: dict[str, Figure]) -> Iterator[tuple[str, float, bool]]:
    """Yield what is aimed at, the figure, and whether it is reached."""
    bare = figures["bare"]
    rate = 1 / figures["+ full scan"].over(bare)
    yield f"rate with full scan ≥ {RATE:.0%} of bare", rate, rate >= RATE
    for name, what in (
        ("in process", "driving"),
        ("+ full scan", "with full scan, driving"),
    ):
        more = added(figures, name)
        claim = f"{what} adds ≤ {ADDED:.0%} of what ASGITransport adds"
        yield claim, more, more <= ADDED
    for name, most in (("literal", LITERAL), ("full", ALL)):
        part = figures[name].over(bare)
        yield f"{name} scan ≤ {most:.0%} of a bare request", part, part <= most


if __name__ == "__main__":
    main()
