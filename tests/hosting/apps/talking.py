"""An ASGI app without a framework that streams and talks; its path says how."""

from __future__ import annotations

import asyncio
from typing import Any

WAITING: set[asyncio.Queue[str]] = set()


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        assert (await receive())["type"] == "websocket.connect"
        await SOCKETS[scope["path"]](scope, receive, send)
    else:
        await ANSWERS[scope["path"]](scope, receive, send)


async def _begin(send: Any) -> None:
    headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _piece(send: Any, piece: bytes) -> None:
    await send({"type": "http.response.body", "body": piece, "more_body": True})


async def finite(scope: Any, receive: Any, send: Any) -> None:
    await _begin(send)
    for number in range(3):
        await _piece(send, b"data: %d\n\n" % number)
    await send({"type": "http.response.body", "body": b""})
    print("through with the stream")


async def events(scope: Any, receive: Any, send: Any) -> None:
    """Tell whatever `publish` is told, until the client goes away."""
    await receive()
    queue: asyncio.Queue[str] = asyncio.Queue()
    WAITING.add(queue)
    gone = asyncio.create_task(receive())
    await _begin(send)
    await _piece(send, b": welcome\n\n")
    while not gone.done():
        news = asyncio.create_task(queue.get())
        await asyncio.wait({news, gone}, return_when=asyncio.FIRST_COMPLETED)
        if news.done():
            await _piece(send, f"data: {news.result()}\n\n".encode())
        else:
            news.cancel()
    WAITING.discard(queue)
    print("the listener is gone")


async def publish(scope: Any, receive: Any, send: Any) -> None:
    for queue in WAITING:
        queue.put_nowait(scope["query_string"].decode())
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"%d" % len(WAITING)})


async def pieces(scope: Any, receive: Any, send: Any) -> None:
    """Send an answer in pieces that is no stream."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for number in range(3):
        await _piece(send, b"%d," % number)
    await send({"type": "http.response.body", "body": b"end"})


async def breaks_off(scope: Any, receive: Any, send: Any) -> None:
    await _begin(send)
    await _piece(send, b"data: part\n\n")
    raise RuntimeError("boom amid the stream")


async def echoes(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "websocket.accept", "headers": [(b"x-kind", b"echo")]})
    sent = dict(scope["headers"])
    who = sent.get(b"x-who", b"nobody").decode()
    query = scope["query_string"].decode()
    text = f"{sent[b'host'].decode()} {who} {query}"
    await send({"type": "websocket.send", "text": text})
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text") or message["bytes"].decode()
        if text == "bye":
            await send({"type": "websocket.close", "code": 4401})
            break
        await send({"type": "websocket.send", "bytes": text.encode()})
    print("the socket is closed")


async def refuses(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "websocket.close", "code": 1008})


async def explains(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-type", b"text/plain")]
    start = {"type": "websocket.http.response.start", "status": 401, "headers": headers}
    await send(start)
    await send({"type": "websocket.http.response.body", "body": b"log in first"})


async def raises(scope: Any, receive: Any, send: Any) -> None:
    raise RuntimeError("boom before the accept")


async def raises_later(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "hello"})
    await receive()
    raise RuntimeError("boom amid the talk")


ANSWERS = {
    "/finite": finite,
    "/pieces": pieces,
    "/events": events,
    "/publish": publish,
    "/breaks": breaks_off,
}
SOCKETS = {
    "/echoes": echoes,
    "/refuses": refuses,
    "/explains": explains,
    "/raises": raises,
    "/raises_later": raises_later,
}
