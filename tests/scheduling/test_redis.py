"""Commands to Redis wait for their turn; who listens is no part of that."""

from __future__ import annotations

import asyncio
import socketserver
import threading
from collections.abc import Iterator

import pytest
import redis.asyncio as redis

from harness.model.race import Ending
from harness.scheduling.kernel import Kernel
from harness.scheduling.outcomes import RAISE
from tests.scheduling.ground import Follows, Seeded, Takes, acting, play


class Server(socketserver.ThreadingTCPServer):
    """Speaks as much of Redis' protocol as `GET` and `INCRBY` take."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.asked: list[str] = []
        self.counters: dict[str, int] = {}


class Session(socketserver.StreamRequestHandler):
    """One connection."""

    server: Server

    def handle(self) -> None:
        while line := self.rfile.readline():
            words = []
            for _ in range(int(line[1:])):
                size = int(self.rfile.readline()[1:])
                words.append(self.rfile.read(size + 2)[:-2].decode())
            self.wfile.write(self._answer(words))

    def _answer(self, words: list[str]) -> bytes:
        counters = self.server.counters
        match words:
            case ["INCRBY", key, _]:
                self.server.asked.append(key)
                counters[key] = counters.get(key, 0) + 1
                return b":%d\r\n" % counters[key]
            case ["GET", key]:
                self.server.asked.append(key)
                return b"$-1\r\n" if key not in counters else b"$1\r\n1\r\n"
            case _:
                return b"+OK\r\n"


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    thread = threading.Thread(target=running.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield running
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


def client_of(server: Server) -> redis.Redis:
    # The protocol that needs no greeting.
    return redis.Redis(port=server.server_address[1], protocol=2)


def test_the_order_of_commands_is_the_schedule_s(server: Server) -> None:
    async def scenario(_: Kernel) -> None:
        async with client_of(server) as client, asyncio.TaskGroup() as group:
            for name in ("a", "b", "c"):
                group.create_task(acting(name, client.incr(name)))

    for wanted in (("a", "b", "c"), ("c", "b", "a"), ("b", "a", "c")):
        server.asked.clear()
        played = play(scenario, Follows(*wanted))
        assert played.ran.error is None
        assert server.asked == list(wanted)
        assert not played.ran.uncontrolled
        assert played.kinds("a")[0] == "connect"
        assert played.kinds("a")[-1] == "redis"


@pytest.mark.parametrize("seed", range(3))
def test_a_race_over_redis_replays_exactly(server: Server, seed: int) -> None:
    async def scenario(_: Kernel) -> None:
        server.counters.clear()
        async with client_of(server) as client:

            async def once() -> None:
                if await client.get("made") is None:
                    await client.incr("made")

            await asyncio.gather(acting("a", once()), acting("b", once()))

    first, again = play(scenario, Seeded(seed)), play(scenario, Seeded(seed))

    assert first.ran.ending is Ending.ENDED
    assert first.ran.error is None
    assert first.story == again.story
    assert not first.ran.uncontrolled


def test_a_command_fails_and_reaches_nobody(server: Server) -> None:
    async def scenario(_: Kernel) -> None:
        async with client_of(server) as client:
            with pytest.raises((redis.ConnectionError, OSError)):
                await client.incr("lost")
            assert await client.incr("again") == 1

    chooser = Takes(
        lambda one: one.outcome == RAISE and one.label == "INCRBY lost",
    )
    ran = play(scenario, chooser, fails=(RAISE,), faults=1).ran

    assert not chooser.left
    assert ran.error is None
    assert server.asked == ["again"]
