"""A port that is ours before anything serves there."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from harness.errors import AppFailed, ResourceError
from harness.hosting.hosted import Request
from harness.hosting.port import Port, reserved
from harness.hosting.served import Served, served
from harness.recording.recorder import Recorder
from harness.target.app import AppSpec

Specify = Callable[..., AppSpec]
Get = Callable[[str], Request]


class Word:
    """What an app's lifespan waits for."""

    def __init__(self) -> None:
        self.awaited = asyncio.Event()
        self.given = asyncio.Event()
        self.port = 0

    async def answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.awaited.set()
        await self.given.wait()
        writer.write(b"\n")
        await writer.drain()
        writer.close()


@pytest.fixture
async def word() -> AsyncIterator[Word]:
    word = Word()
    async with await asyncio.start_server(word.answer, "127.0.0.1") as server:
        word.port = server.sockets[0].getsockname()[1]
        yield word
        word.given.set()


def connect(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60):
        pass


async def test_a_connection_is_refused_until_the_lifespan_is_through(
    specify: Specify, recorder: Recorder, word: Word
) -> None:
    spec = specify(
        "apps.lifespans:waits_for_word", environment={"WORD_AT": str(word.port)}
    )
    with reserved() as port:
        with pytest.raises(ConnectionRefusedError):
            connect(port.number)
        serving = asyncio.create_task(hold(spec, recorder, port))
        async with asyncio.timeout(60):
            await word.awaited.wait()
        with pytest.raises(ConnectionRefusedError):
            connect(port.number)
        word.given.set()
        await serving


async def hold(spec: AppSpec, recorder: Recorder, port: Port) -> None:
    async with served(spec, recorder, port=port) as hosted:
        assert hosted.url == port.url
        connect(port.number)


async def test_a_connection_is_refused_again_once_the_app_is_gone(
    specify: Specify, recorder: Recorder, get: Get
) -> None:
    with reserved() as port:
        async with served(specify("apps.plain:app"), recorder, port=port) as hosted:
            assert isinstance(hosted, Served)
            os.kill(hosted.pids[0], signal.SIGKILL)
            with pytest.raises(AppFailed, match="SIGKILL"):
                await send_until_it_fails(hosted, get("/echo"))
            with pytest.raises(ConnectionRefusedError):
                connect(port.number)


async def send_until_it_fails(hosted: Served, request: Request) -> None:
    async with asyncio.timeout(60):
        while True:
            await hosted.send(request)


async def test_a_port_that_is_taken_before_the_app_listens_is_named(
    specify: Specify, recorder: Recorder
) -> None:
    with reserved() as port, socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind(("127.0.0.1", port.number))
        thief.listen()
        with pytest.raises(ResourceError, match=f"Port {port.number} is in use"):
            async with served(specify("apps.plain:app"), recorder, port=port):
                pytest.fail("it started")


def test_two_reserved_ports_differ() -> None:
    with reserved() as one, reserved() as other:
        assert one.number != other.number
        assert one.url.endswith(f":{one.number}")
