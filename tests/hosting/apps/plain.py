"""An ASGI app without a framework; its path says what it does."""

from __future__ import annotations

import asyncio
import contextvars
import ctypes
import json
import os
import signal
import sys
import time
import warnings
from typing import Any

LEAK: contextvars.ContextVar[str] = contextvars.ContextVar("leak", default="clean")
SEEN: list[str] = []


async def app(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    handler = HANDLERS[scope["path"].partition("/")[2].partition("/")[0]]
    await handler(scope, receive, send)


async def _answer(
    send: Any, body: bytes, *, status: int = 200, headers: Any = ()
) -> None:
    await send(
        {"type": "http.response.start", "status": status, "headers": list(headers)}
    )
    await send({"type": "http.response.body", "body": body})


async def echo(scope: Any, receive: Any, send: Any) -> None:
    body = b""
    more = True
    while more:
        message = await receive()
        body += message["body"]
        more = message["more_body"]
    known = {
        name: scope[name]
        for name in ("method", "path", "http_version", "scheme", "root_path")
    }
    known["raw_path"] = scope["raw_path"].decode()
    known["query"] = scope["query_string"].decode()
    known["headers"] = [(n.decode(), v.decode("latin-1")) for n, v in scope["headers"]]
    known["body"] = body.decode()
    known["state"] = dict(scope.get("state", {}))
    known["variable"] = os.environ.get("APP_VARIABLE", "")
    known["pid"] = os.getpid()
    headers = [(b"X-Kind", b"echo")]
    await _answer(send, json.dumps(known).encode(), headers=headers)


async def stream(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for number in range(100):
        chunk = b"%d," % number
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"end"})


async def endless(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        await send({"type": "http.response.body", "body": b"x", "more_body": True})


async def slow(scope: Any, receive: Any, send: Any) -> None:
    print("slow begins")
    await receive()
    assert (await receive())["type"] == "http.disconnect"
    print("client is gone")


async def waits_for_disconnect(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await _answer(send, b"done")
    message = await receive()
    print(f"after the answer: {message['type']}")


async def lingers(scope: Any, receive: Any, send: Any) -> None:
    await _answer(send, b"done")
    await asyncio.sleep(0.05)
    print("background work is done")


async def raises(scope: Any, receive: Any, send: Any) -> None:
    raise RuntimeError("boom before the answer")


async def exits(scope: Any, receive: Any, send: Any) -> None:
    sys.exit("somebody calls exit")


async def breaks_off(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"part", "more_body": True})
    raise RuntimeError("boom amid the answer")


async def says_nothing(scope: Any, receive: Any, send: Any) -> None:
    """Return without an answer."""


async def short(scope: Any, receive: Any, send: Any) -> None:
    await _answer(send, b"short", headers=[(b"content-length", b"10")])


async def sets_context(scope: Any, receive: Any, send: Any) -> None:
    before = LEAK.get()
    LEAK.set(scope["query_string"].decode())
    await _answer(send, before.encode())


async def keeps_in_module(scope: Any, receive: Any, send: Any) -> None:
    SEEN.append(scope["query_string"].decode())
    await _answer(send, ",".join(SEEN).encode())


async def tells_task(scope: Any, receive: Any, send: Any) -> None:
    task = asyncio.current_task()
    known = getattr(task, "marked", "new")
    TASKS.append(task)
    await _answer(send, b"known" if TASKS.count(task) > 1 else known.encode())


TASKS: list[Any] = []


async def dies(scope: Any, receive: Any, send: Any) -> None:
    print("about to die")
    os.kill(os.getpid(), signal.SIGKILL)


async def past_the_tap(scope: Any, receive: Any, send: Any) -> None:
    os.write(1, b"from a library in C\n")
    await _answer(send, b"")


async def warns(scope: Any, receive: Any, send: Any) -> None:
    warnings.warn("this is old", DeprecationWarning, stacklevel=1)
    warnings.warn("this is odd", UserWarning, stacklevel=1)
    await _answer(send, b"")


async def blocks(scope: Any, receive: Any, send: Any) -> None:
    """Hold the interpreter's lock for long, as a long search in C does."""
    ctypes.PyDLL(None).sleep(3)
    await _answer(send, b"")


HANDLERS = {
    one.__name__: one
    for one in (
        echo,
        stream,
        endless,
        slow,
        waits_for_disconnect,
        lingers,
        raises,
        exits,
        breaks_off,
        says_nothing,
        short,
        sets_context,
        keeps_in_module,
        tells_task,
        dies,
        past_the_tap,
        warns,
        blocks,
    )
}
