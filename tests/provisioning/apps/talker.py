"""An app that streams and talks, and closes on those whom it does not know."""

from __future__ import annotations

import asyncio
import json
from typing import Any

QUEUES: set[asyncio.Queue[str]] = set()


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        return
    if scope["type"] == "websocket":
        await receive()
        await SOCKETS[scope["path"]](scope, receive, send)
    else:
        await ANSWERS[scope["path"]](scope, receive, send)


async def _begin(send: Any) -> None:
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _piece(send: Any, piece: str) -> None:
    body = piece.encode()
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def told(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the query, five letters an event."""
    await _begin(send)
    text = scope["query_string"].decode()
    for at in range(0, len(text), 5):
        await _piece(send, f"data: {json.dumps({'text': text[at : at + 5]})}\n\n")
    await send({"type": "http.response.body"})


async def events(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    queue: asyncio.Queue[str] = asyncio.Queue()
    QUEUES.add(queue)
    gone = asyncio.create_task(receive())
    await _begin(send)
    if scope["query_string"]:
        await _piece(send, f": {scope['query_string'].decode()}\n\n")
    while not gone.done():
        news = asyncio.create_task(queue.get())
        await asyncio.wait({news, gone}, return_when=asyncio.FIRST_COMPLETED)
        if news.done():
            await _piece(send, news.result())
        else:
            news.cancel()
    QUEUES.discard(queue)


async def breaks_off(scope: Any, receive: Any, send: Any) -> None:
    await _begin(send)
    await _piece(send, "data: part\n\n")
    raise RuntimeError("boom amid the stream")


async def publish(scope: Any, receive: Any, send: Any) -> None:
    """Send on the body, in as many pieces as it has lines."""
    body = (await receive())["body"].decode()
    for queue in QUEUES:
        for line in body.splitlines():
            queue.put_nowait(f"data: {line}\n\n")
    await send({"type": "http.response.start", "status": 201, "headers": []})
    await send({"type": "http.response.body", "body": b"%d" % len(QUEUES)})


async def asks(scope: Any, receive: Any, send: Any) -> None:
    """Let in whoever says ``open`` first, or has it in the address or a header."""
    await send({"type": "websocket.accept"})
    sent = dict(scope["headers"]).get(b"authorization", b"").decode()
    known = "open" in scope["query_string"].decode() or "open" in sent
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        known = known or "open" in message["text"]
        if not known:
            await send({"type": "websocket.close", "code": 4401})
            return
        await send({"type": "websocket.send", "text": message["text"]})


async def refuses(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "websocket.close", "code": 1008})


ANSWERS = {
    "/told": told,
    "/events": events,
    "/breaks": breaks_off,
    "/publish": publish,
}
SOCKETS = {"/asks": asks, "/refuses": refuses}
