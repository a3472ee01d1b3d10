"""Requests of httpx, of httpx 2 and of the anthropic SDK wait for their turn."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import anthropic
import httpx
import httpx2
import pytest

from harness.model.race import Ending
from harness.scheduling.kernel import Kernel
from harness.scheduling.outcomes import HANG, RAISE
from tests.scheduling.ground import Follows, Seeded, Takes, acting, play

LIBRARIES = [httpx, httpx2]
MESSAGE = (
    b'{"id":"m","type":"message","role":"assistant","model":"m","content":'
    b'[{"type":"text","text":"hi"}],"stop_reason":"end_turn","stop_sequence":null,'
    b'"usage":{"input_tokens":1,"output_tokens":1}}'
)


class Server:
    """A real HTTP server that notes what it is asked, in the order that it comes."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked.append(self.path)
                if self.path.startswith("/stream"):
                    self.send_response(200)
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    for part in (b"one", b"two", b"three"):
                        self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                        self.wfile.flush()
                    self.wfile.write(b"0\r\n\r\n")
                    return
                self._answer(b"ok")

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                asked.append(self.path)
                self._answer(MESSAGE)

            def _answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    try:
        yield running
    finally:
        running.close()


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda one: one.__name__)
def test_the_order_of_requests_is_the_schedule_s(library: Any, server: Server) -> None:
    async def scenario(_: Kernel) -> None:
        async with (
            library.AsyncClient(base_url=server.url) as client,
            asyncio.TaskGroup() as group,
        ):
            for name in ("a", "b", "c"):
                group.create_task(acting(name, client.get(f"/{name}")))

    for wanted in (("a", "b", "c"), ("c", "b", "a"), ("b", "a", "c")):
        server.asked.clear()
        played = play(scenario, Follows(*wanted))
        assert played.ran.error is None
        assert server.asked == [f"/{name}" for name in wanted]
        assert not played.ran.uncontrolled
        assert played.kinds("a") == ["connect", "http"]


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("seed", range(3))
def test_streams_and_kept_connections_replay_exactly(
    library: Any, server: Server, seed: int
) -> None:
    heard: list[bytes] = []

    async def scenario(_: Kernel) -> None:
        limits = library.Limits(max_connections=2)
        async with library.AsyncClient(base_url=server.url, limits=limits) as client:

            async def stream(name: str) -> None:
                for _round in range(2):
                    async with client.stream("GET", f"/stream/{name}") as answer:
                        heard.append(
                            b"".join([one async for one in answer.aiter_raw()])
                        )

            async with asyncio.TaskGroup() as group:
                for name in ("a", "b", "c"):
                    group.create_task(acting(name, stream(name)))

    first, again = play(scenario, Seeded(seed)), play(scenario, Seeded(seed))

    assert first.ran.ending is Ending.ENDED
    assert first.ran.error is None
    assert heard == [b"onetwothree"] * 12
    assert first.story == again.story
    assert not first.ran.uncontrolled


def test_a_pool_of_one_connection_is_handed_on_in_memory(server: Server) -> None:
    async def scenario(_: Kernel) -> None:
        limits = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(base_url=server.url, limits=limits) as client:
            await asyncio.gather(
                *(acting(name, client.get(f"/{name}")) for name in ("a", "b", "c"))
            )

    played = play(scenario)

    assert played.ran.error is None
    assert server.asked == ["/a", "/b", "/c"]
    assert not played.ran.uncontrolled
    # Who waits for a place in the pool waits in memory: no operation stands for that.
    assert [played.kinds(name) for name in "abc"] == [["connect", "http"]] + [
        ["http"]
    ] * 2


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("outcome", [RAISE, HANG])
def test_a_request_fails_as_the_library_says_and_reaches_nobody(
    library: Any, server: Server, outcome: str
) -> None:
    async def scenario(_: Kernel) -> None:
        async with library.AsyncClient(base_url=server.url) as client:
            with pytest.raises(library.ReadTimeout):
                await client.get("/lost")
            assert (await client.get("/again")).status_code == 200

    chooser = Takes(lambda one: one.outcome == outcome and one.kind == "http")
    ran = play(scenario, chooser, fails=(outcome,), faults=1).ran

    assert not chooser.left
    assert ran.error is None
    assert server.asked == ["/again"]


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda one: one.__name__)
def test_a_connection_is_refused_as_the_library_says(
    library: Any, server: Server
) -> None:
    async def scenario(_: Kernel) -> None:
        async with library.AsyncClient(base_url=server.url) as client:
            with pytest.raises(library.ConnectError):
                await client.get("/")

    chooser = Takes(lambda one: one.outcome == RAISE and one.kind == "connect")
    assert play(scenario, chooser, fails=(RAISE,), faults=1).ran.error is None

    assert not chooser.left
    assert server.asked == []


def test_calls_of_the_anthropic_sdk_wait_for_their_turn(server: Server) -> None:
    answered: list[str] = []

    async def scenario(_: Kernel) -> None:
        async with anthropic.AsyncAnthropic(
            base_url=server.url, api_key="none", max_retries=0
        ) as client:

            async def call(name: str) -> None:
                message = await client.messages.create(
                    model=name,
                    max_tokens=1,
                    messages=[{"role": "user", "content": name}],
                )
                assert message.content[0].type == "text"
                answered.append(name)

            async with asyncio.TaskGroup() as group:
                for name in ("a", "b"):
                    group.create_task(acting(name, call(name)))

    played = play(scenario, Follows("b", "a"))

    assert played.ran.error is None
    assert not played.ran.uncontrolled
    assert answered == ["b", "a"]
    assert played.kinds("a")[-1] == played.kinds("b")[-1] == "http"


def test_a_time_out_does_not_fire_while_an_answer_is_awaited(server: Server) -> None:
    async def scenario(_: Kernel) -> None:
        async with httpx.AsyncClient(base_url=server.url, timeout=0.0001) as client:
            await asyncio.gather(
                *(acting(name, client.get(f"/{name}")) for name in ("a", "b"))
            )

    for seed in range(3):
        assert play(scenario, Seeded(seed)).ran.error is None


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda one: one.__name__)
def test_a_deadlock_is_seen_beside_a_connection_that_is_kept(
    library: Any, server: Server
) -> None:
    async def scenario(_: Kernel) -> None:
        async with library.AsyncClient(base_url=server.url) as client:
            await client.get("/")
            await asyncio.Event().wait()

    ran = play(scenario).ran

    assert ran.ending is Ending.DEADLOCK
    assert [one.what for one in ran.waiting] == ["Event.wait"]
