"""Streams and sockets: of an app in this process and of a served one alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Protocol

import pytest

from harness.hosting.flow import Conversation, Incoming
from harness.hosting.hosted import ConnectionDropped, Hosted, Request, Response
from harness.hosting.remote import remote
from harness.hosting.served import Served
from harness.model.event import LogLine

Get = Callable[[str], Request]
Lines = Callable[[], list[LogLine]]
PATIENCE = 60.0


class Host(Protocol):
    def __call__(
        self, app: str, **options: Any
    ) -> AbstractAsyncContextManager[Hosted]: ...


async def _piece(incoming: Incoming) -> bytes | None:
    async with asyncio.timeout(PATIENCE):
        return await incoming.piece()


async def _message(conversation: Conversation) -> bytes | None:
    async with asyncio.timeout(PATIENCE):
        return await conversation.message()


async def _rest(incoming: Incoming) -> bytes:
    found = b""
    while (piece := await _piece(incoming)) is not None:
        found += piece
    return found


async def _opened(hosted: Hosted, request: Request, exchange: int = 0) -> Incoming:
    incoming = await hosted.open(request, exchange=exchange)
    assert isinstance(incoming, Incoming)
    return incoming


async def _connected(hosted: Hosted, request: Request) -> Conversation:
    conversation = await hosted.connect(request)
    assert isinstance(conversation, Conversation)
    return conversation


async def test_a_stream_is_handed_over_and_can_be_read_to_its_end(
    host: Host, get: Get, lines: Lines
) -> None:
    async with host("talking:app") as hosted:
        incoming = await _opened(hosted, get("/finite"), 7)
        whole = await _rest(incoming)
        again = await _piece(incoming)
        await incoming.leave()

    assert (incoming.status, again) == (200, None)
    assert incoming.header(b"content-type") == "text/event-stream; charset=utf-8"
    assert whole == b"".join(b"data: %d\n\n" % number for number in range(3))
    ends = [line for line in lines() if line.template == "through with the stream"]
    assert [line.exchange for line in ends] == [7]


async def test_what_is_no_stream_is_read_to_its_end(host: Host, get: Get) -> None:
    async with host("talking:app") as hosted:
        response = await hosted.open(get("/pieces"))

    assert isinstance(response, Response)
    assert response.body == b"0,1,2,end"


async def test_a_stream_without_end_tells_what_other_requests_cause(
    host: Host, get: Get
) -> None:
    async with host("talking:app") as hosted:
        incoming = await _opened(hosted, get("/events"))
        welcome = await _piece(incoming)
        listeners = (await hosted.send(get("/publish?news"))).body
        news = await _piece(incoming)
        await incoming.leave()

    assert welcome == b": welcome\n\n"
    assert (listeners, news) == (b"1", b"data: news\n\n")


async def test_an_app_sees_that_a_listener_went_away(
    host: Host, get: Get, lines: Lines
) -> None:
    async with host("talking:app") as hosted:
        incoming = await _opened(hosted, get("/events"), 3)
        await _piece(incoming)
        await incoming.leave()
        seen = [line.exchange for line in lines() if "is gone" in line.template]
        left = (await hosted.send(get("/publish?news"))).body

    assert (seen, left) == ([3], b"0")


async def test_an_app_stops_although_somebody_still_listens(
    host: Host, get: Get
) -> None:
    async with asyncio.timeout(PATIENCE), host("talking:app") as hosted:
        incoming = await _opened(hosted, get("/events"))
        welcome = await _piece(incoming)

    assert welcome == b": welcome\n\n"
    with suppress(ConnectionDropped):  # as the network tells of it
        assert await _piece(incoming) is None


async def test_a_stream_that_breaks_off_is_no_whole_one(host: Host, get: Get) -> None:
    async with host("talking:app") as hosted:
        incoming = await _opened(hosted, get("/breaks"))
        first = await _piece(incoming)
        with pytest.raises(ConnectionDropped):
            await _piece(incoming)
        await incoming.leave()

    assert first == b"data: part\n\n"


async def test_a_socket_carries_who_asks_and_what_both_say(
    host: Host, lines: Lines
) -> None:
    headers = ((b"host", b"a.example.com"), (b"x-who", b"me"), (b"accept", b"*/*"))
    async with host("talking:app") as hosted:
        socket = await _connected(hosted, Request("GET", "/echoes?x=1", headers))
        hello = await _message(socket)
        await socket.say("text")
        text = await _message(socket)
        await socket.say(b"bytes")
        data = await _message(socket)
        await socket.leave()
        closed = [line for line in lines() if line.template == "the socket is closed"]

    assert dict(socket.headers)[b"x-kind"] == b"echo"
    assert (hello, text, data) == (b"a.example.com me x=1", b"text", b"bytes")
    assert len(closed) == 1


async def test_a_socket_that_the_app_closes_tells_the_code(
    host: Host, get: Get
) -> None:
    async with host("talking:app") as hosted:
        socket = await _connected(hosted, get("/echoes"))
        await _message(socket)
        await socket.say("bye")
        end = await _message(socket)
        await socket.say("too late")
        await socket.leave()

    assert (end, socket.code) == (None, 4401)


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/refuses", 403, b""),
        ("/explains", 401, b"log in first"),
        ("/raises", 500, b"Internal Server Error"),
    ],
)
async def test_a_refused_socket_is_an_answer(
    host: Host, get: Get, path: str, status: int, body: bytes
) -> None:
    async with host("talking:app") as hosted:
        answer = await hosted.connect(get(path))

    assert isinstance(answer, Response)
    assert (answer.status, answer.body) == (status, body)


async def test_a_socket_whose_app_fails_breaks_off(host: Host, get: Get) -> None:
    async with host("talking:app") as hosted:
        socket = await _connected(hosted, get("/raises_later"))
        hello = await _message(socket)
        await socket.say("go on")
        end = await _message(socket)
        await socket.leave()

    assert (hello, end, socket.code) == (b"hello", None, 1006)


async def test_an_app_elsewhere_streams_and_talks_too(host: Host, get: Get) -> None:
    async with host("talking:app") as hosted:
        if not isinstance(hosted, Served):
            return
        async with remote(hosted.url) as elsewhere:
            incoming = await _opened(elsewhere, get("/finite"))
            whole = await _rest(incoming)
            await incoming.leave()
            socket = await _connected(elsewhere, get("/echoes?x"))
            hello = await _message(socket)
            await socket.leave()

    assert whole.startswith(b"data: 0")
    assert hello == b"a.localhost nobody x"
