"""Servers of our own: in a thread, with a loop of its own, gone afterwards."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import httpx
import pytest

from harness.environment.inbound import Inbound
from harness.environment.provider_stub import provider_stub
from harness.environment.sink import http_sink
from harness.errors import ResourceError


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


async def test_the_sink_records_any_request() -> None:
    heard: list[Inbound] = []
    async with http_sink(heard.append) as sink, httpx.AsyncClient() as client:
        answer = await client.put(
            f"{sink.url}/hooks/a%20b?x=1", content=b"\x00body", headers={"X-Note": "n"}
        )
        await client.get(f"{sink.url}/")

    assert answer.status_code == 200
    first, second = heard
    assert (first.method, first.target, first.path) == (
        "PUT",
        "/hooks/a%20b?x=1",
        "/hooks/a%20b",
    )
    assert (first.body, first.header("x-note")) == (b"\x00body", "n")
    assert (second.method, second.target) == ("GET", "/")
    assert sink.requests == heard


async def test_it_answers_while_the_callers_loop_is_blocked() -> None:
    async with http_sink() as sink:
        # Not awaited: nothing else runs on this loop until the answer is there.
        answer = httpx.get(f"{sink.url}/blocked", timeout=60)  # noqa: ASYNC210
        assert answer.status_code == 200

    assert [one.path for one in sink.requests] == ["/blocked"]


async def test_nothing_is_left_afterwards() -> None:
    before = set(threading.enumerate())
    async with provider_stub() as stub, http_sink() as sink:
        ports = [_port(stub.url), _port(sink.url)]
        held = socket.create_connection(("127.0.0.1", ports[0]))
        # A connection that is kept open and never used must not hold it up.
        assert set(threading.enumerate()) > before

    held.close()
    assert set(threading.enumerate()) == before
    for port in ports:
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port))


async def test_nothing_is_left_when_the_block_is_cancelled() -> None:
    before = set(threading.enumerate())
    started: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def run() -> None:
        async with http_sink() as sink:
            started.set_result(sink.url)
            await asyncio.Event().wait()

    task = asyncio.create_task(run())
    url = await started
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert set(threading.enumerate()) == before
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", _port(url)))


async def test_a_port_in_use_is_named() -> None:
    async with http_sink() as sink:
        with pytest.raises(ResourceError, match=f"Port {_port(sink.url)} is in use"):
            async with http_sink(port=_port(sink.url)):
                pass


async def test_ending_takes_no_patience() -> None:
    async with http_sink() as sink, httpx.AsyncClient() as client:
        await client.get(sink.url)
        began = time.perf_counter()
    # Far below the grace for requests that never end: none was there to wait for.
    assert time.perf_counter() - began < 1.5
