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
from collections.abc import Awaitable, Callable
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


def driven(hosted: Hosted, scan: Callable[[bytes], object]) -> Way:
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
    scanner = Scanner(
        CanaryKey.from_seed(1), ((t, f) for t in range(9) for f in (1, 9))
    )
    with surroundings(SPEC):
        app = load(SPEC)
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with (
        in_process(SPEC, Recorder(scanner)) as hosted,
        httpx.AsyncClient(transport=transport, base_url="http://app") as client,
    ):
        ways = {
            "bare": bare(app),
            "in process": driven(hosted, len),
            "+ literal scan": driven(hosted, scanner.literal),
            "+ full scan": driven(hosted, scanner.scan),
            "ASGITransport": through_httpx(client),
        }
        sizes = {await way() for way in ways.values() for _ in range(20)}
        assert len(sizes) == 1, sizes
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                times[name].append(await micros(way, requests))
    figures = {
        name: Figure(name, statistics.median(each), tuple(each))
        for name, each in times.items()
    }
    return figures, sizes.pop()


def share(figures: dict[str, Figure], name: str) -> float:
    """Return what a scan adds, as a part of a bare request."""
    rows = (figures[name].rounds, figures["in process"].rounds, figures["bare"].rounds)
    return statistics.median((a - b) / c for a, b, c in zip(*rows, strict=True))


def added(figures: dict[str, Figure], name: str) -> float:
    """Return what a way adds to a bare request, as a part of what httpx adds."""
    rows = (
        figures[name].rounds,
        figures["ASGITransport"].rounds,
        figures["bare"].rounds,
    )
    return statistics.median((a - c) / (b - c) for a, b, c in zip(*rows, strict=True))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--requests", type=int, default=100)
    options, _ = parser.parse_known_args()
    figures, size = asyncio.run(measure(options.rounds, options.requests))

    print(f"one FastAPI endpoint, {size} bytes, {options.rounds} rounds")
    print(f"{'':18}{'µs/request':>12}{'requests/s':>12}{'rate':>8}")
    for figure in figures.values():
        rate = 1 / figure.over(figures["bare"])
        print(
            f"{figure.name:18}{figure.micros:12.1f}{1e6 / figure.micros:12.0f}{rate:8.0%}"
        )
    full = "+ full scan"
    rate = 1 / figures[full].over(figures["bare"])
    for what, value, holds in (
        (f"rate with full scan ≥ {RATE:.0%} of bare", rate, rate >= RATE),
        (
            f"driving adds ≤ {ADDED:.0%} of what ASGITransport adds",
            added(figures, "in process"),
            added(figures, "in process") <= ADDED,
        ),
        (
            f"the same with the full scan ≤ {ADDED:.0%}",
            added(figures, full),
            added(figures, full) <= ADDED,
        ),
        (
            f"literal scan ≤ {LITERAL:.0%} of a request",
            share(figures, "+ literal scan"),
            share(figures, "+ literal scan") <= LITERAL,
        ),
        (
            f"full scan ≤ {ALL:.0%} of a request",
            share(figures, full),
            share(figures, full) <= ALL,
        ),
    ):
        print(f"{'holds' if holds else 'FAILS':6} {what}: {value:.1%}")


if __name__ == "__main__":
    main()
