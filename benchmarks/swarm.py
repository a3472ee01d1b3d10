"""What looking at each answer costs a swarm, paired in one run of Locust.

    python -m benchmarks.swarm [--seconds 60] [--users 8]

Locust asks a bare server, as fast as it can, for lists of 20 objects (4 KB, 40 canaries
of their own tenant), single objects and counts, in equal parts. A generator that never
waits is bound by its processor, so its request rate is the requests per processor time:
it is counted in slots of 50 ms, in every second of which it does not look. The figure
is what the rate loses by that, with the 95 % interval by bootstrap over pairs of slots.

A body that was looked at before is known again; every tenth list is a new one, as after
a write, and stays so.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from harness.model.canary import CanaryKey
from harness.model.history import Field
from harness.model.prepared import Address, Prepared
from harness.model.tenant import Tenant
from harness.model.world import Access, World
from harness.provisioning.worlds import write_world
from harness.swarm.crew.reply import Reply
from harness.swarm.crew.watch import Watch

TENANTS: Final = 20
KEY: Final = CanaryKey.from_seed(0)
LOCUSTFILE: Final = Path(__file__).with_name("swarm_paired.py")
RESAMPLES: Final = 2000
VERSION: Final = 100_000
PATHS: Final = ("/documents", "/documents/1", "/documents/count")


def document(tenant: int, number: int) -> dict[str, object]:
    """An object of a tenant's, as the reference app answers with it."""
    return {
        "id": number,
        "title": f"{KEY.mint(tenant, 17)}{number}",
        "body": f"{KEY.mint(tenant, 16)}{number} and some words around it",
        "created_at": "2026-01-01T12:00:00.123456Z",
        "updated_at": "2026-01-01T12:00:00.123456Z",
    }


def answers(tenant: int) -> dict[str, bytes]:
    """What the server answers a tenant with, by path."""
    listed = {"items": [document(tenant, n) for n in range(20)], "version": VERSION}
    bodies = (listed, document(tenant, 1), {"count": 20})
    return {
        path: json.dumps(body).encode()
        for path, body in zip(PATHS, bodies, strict=True)
    }


class Server(asyncio.Protocol):
    """Answers what it is asked for, and does nothing else."""

    made: Final = {
        (f"t{tenant}".encode(), path.encode()): (
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\nserver: bare\r\nx-request-id: 0123456789abcdef\r\n"
            b"\r\n%b" % (len(body), body)
        )
        for tenant in range(TENANTS)
        for path, body in answers(tenant).items()
    }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to answer."""
        self._transport = transport
        self._count = 0

    def data_received(self, data: bytes) -> None:
        """Answer; requests come whole, having no body."""
        path = data.split(b" ", 2)[1]
        _, _, rest = data.lower().partition(b"\r\nhost: ")
        host = rest.partition(b"\r\n")[0]
        answer = self.made[host, path]
        self._count += 1
        if path == b"/documents" and self._count % 10 == 0:
            start = answer.rindex(b" ") + 1
            version = VERSION + (int(answer[start:-1]) + 1) % VERSION
            answer = self.made[host, path] = b"%b%d}" % (answer[:start], version)
        assert isinstance(self._transport, asyncio.WriteTransport)
        self._transport.write(answer)


async def serve() -> None:
    """Serve until killed; say where."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def world(url: str) -> World:
    """Return a world of tenants who can read."""
    tenants = tuple(
        Tenant(n, f"t{n}", f"t{n}", f"t{n}", "e", "p") for n in range(TENANTS)
    )
    return World(
        url=url,
        key=KEY.hex(),
        tenants=tenants,
        credentials=tuple(
            Access((("authorization", "Bearer " + "x" * 200),)) for _ in tenants
        ),
        objects=tuple(() for _ in tenants),
        fields={n: Field(n, f"field {n}") for n in (16, 17)},
        addresses=tuple(Address(tenant.domain) for tenant in tenants),
        requests=tuple(
            Prepared(operation=f"GET {path}", target=path) for path in PATHS
        ),
    )


def run(seconds: float, users: int) -> dict[int, int]:
    """Run Locust; return how many requests were made in each slot."""
    command = (sys.executable, "-m", "benchmarks.swarm", "--serve")
    with (
        tempfile.TemporaryDirectory() as room,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
    ):
        try:
            assert server.stdout
            port = int(server.stdout.readline())
            path, told = Path(room) / "world.json", Path(room) / "made.json"
            write_world(path, world(f"http://127.0.0.1:{port}"))
            subprocess.run(
                (
                    *(sys.executable, "-m", "locust", "-f", str(LOCUSTFILE)),
                    *("--headless", "--only-summary", "-u", str(users)),
                    *("-r", str(users), "-t", f"{seconds:g}s", "-L", "ERROR"),
                ),
                env={**os.environ, "HARNESS_WORLD": str(path), "PAIRED": str(told)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=True,
            )
            made = json.loads(told.read_text())
        finally:
            server.kill()
    return {int(slot): count for slot, count in made.items()}


def pairs(made: dict[int, int]) -> list[tuple[int, int]]:
    """Return the requests of neighbouring slots: with looks, and without."""
    slots = sorted(made)[20:-2]  # users have come, and have not gone
    return [
        (made[slot], made[slot + 1])
        for slot in slots
        if slot % 2 == 0 and slot + 1 in made
    ]


def cost(found: Sequence[tuple[int, int]]) -> float:
    """Return the share of its rate that looking takes."""
    return 1 - sum(seeing for seeing, _ in found) / sum(blind for _, blind in found)


def interval(found: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """Return the 95 % interval of the cost, by bootstrap."""
    rng = random.Random(0)
    costs = sorted(cost(rng.choices(found, k=len(found))) for _ in range(RESAMPLES))
    return costs[int(RESAMPLES * 0.025)], costs[int(RESAMPLES * 0.975)]


def looks() -> dict[str, float]:
    """Return what one look takes, in µs, by path; the median of short rounds."""
    watch = Watch(KEY, world("").tenants)
    headers = (("content-type", "application/json"), ("server", "bare"))
    found = {}
    for path, body in answers(0).items():
        prepared = Prepared(operation=f"GET {path}", target=path)
        rounds = []
        for _ in range(200):
            # Each comes in bytes of its own, as from a socket.
            replies = [
                Reply(200, bytes(bytearray(body)), tuple, headers, None, 0.0, 0.0)
                for _ in range(64)
            ]
            began = time.perf_counter()
            for reply in replies:
                watch.foreign(0, prepared, path, reply)
            rounds.append((time.perf_counter() - began) / 64 * 1e6)
        found[path] = statistics.median(rounds)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--users", type=int, default=8)
    parser.add_argument("--serve", action="store_true")
    options = parser.parse_args(arguments)
    if options.serve:
        asyncio.run(serve())
        return
    for path, microseconds in looks().items():
        size = len(answers(0)[path])
        print(f"a look at {path:18} {size:5} B  {microseconds:6.1f} µs")
    made = run(options.seconds, options.users)
    found = pairs(made)
    low, high = interval(found)
    print(
        f"requests per processor second  {sum(made.values()) / len(made) / 0.05:,.0f}"
    )
    print(f"pairs of slots                 {len(found)}")
    print(f"cost of looking                {cost(found):.2%}", end="  ")
    print(f"(95 %: {low:.2%} to {high:.2%})")


if __name__ == "__main__":
    main()
