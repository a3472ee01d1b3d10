"""Apps whose lifespans go well, fail and hang."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request

from .plain import app as plain

log = logging.getLogger("apps.lifespans")


def _app(lifespan: Any) -> FastAPI:
    app = FastAPI(lifespan=asynccontextmanager(lifespan))

    @app.get("/state")
    async def state(request: Request) -> dict[str, Any]:
        known = {"pool": request.state.pool}
        request.state.pool = "changed by a request"
        return known

    return app


async def _good(app: FastAPI) -> AsyncIterator[dict[str, str]]:
    log.warning("opening")
    yield {"pool": "open"}
    log.warning("closing")


async def _raises(app: FastAPI) -> AsyncIterator[None]:
    log.warning("looking for the database")
    raise ConnectionError("no database")
    yield


async def _hangs(app: FastAPI) -> AsyncIterator[None]:
    log.warning("waiting for the database")
    await asyncio.sleep(3600)
    yield


async def _blocks(app: FastAPI) -> AsyncIterator[None]:
    log.warning("blocking on the database")
    time.sleep(3600)  # noqa: ASYNC251 - that is the point
    yield


async def _ignores_cancellation(app: FastAPI) -> AsyncIterator[None]:
    yield
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        log.warning("cancelled, going on")
        await asyncio.sleep(3600)


async def _raises_late(app: FastAPI) -> AsyncIterator[None]:
    yield
    raise ConnectionError("already closed")


async def _blocks_late(app: FastAPI) -> AsyncIterator[None]:
    yield
    time.sleep(3600)  # noqa: ASYNC251 - that is the point


async def _one_of_two(app: FastAPI) -> AsyncIterator[None]:
    try:
        os.close(os.open(os.environ["ONLY_ONE"], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        raise RuntimeError("only one may start") from None
    yield


async def _waits_for_word(app: FastAPI) -> AsyncIterator[None]:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", int(os.environ["WORD_AT"])
    )
    await reader.readline()
    writer.close()
    yield


good = _app(_good)
raises = _app(_raises)
hangs = _app(_hangs)
blocks = _app(_blocks)
ignores_cancellation = _app(_ignores_cancellation)
raises_late = _app(_raises_late)
blocks_late = _app(_blocks_late)
one_of_two = _app(_one_of_two)
waits_for_word = _app(_waits_for_word)


async def raw_raises(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await receive()
        raise ConnectionError("raw and no database")
    await plain(scope, receive, send)


async def takes_lifespan_for_a_request(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})
