"""The app behind uvicorn on a real socket, in the loop of the test."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import uvicorn
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect

from reference_app.main import create_app
from reference_app.parts import Parts
from reference_app.resources import Resources
from tests.event_streams import Frame, FrameReader
from tests.reference_app.running import OPERATOR, PASSWORD, settings_for

PATIENCE = 60.0


class Stream:
    """An open event stream, read frame by frame."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()
        self._reader = FrameReader()

    async def next(self, *, comments: bool = False) -> Frame:
        """Return the next event, or comment if those count.

        Raises:
            StopAsyncIteration: The stream has ended.
        """
        async with asyncio.timeout(PATIENCE):
            while True:
                frame = self._reader.feed(await anext(self._lines))
                if frame is not None and (frame.name or comments):
                    return frame


@dataclass(frozen=True, slots=True)
class Somebody:
    """A member of a tenant, with what a request of theirs carries."""

    app: ServedApp
    slug: str
    token: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        return {
            "host": f"{self.slug}.localhost",
            "authorization": f"Bearer {self.token}",
        }

    async def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = self.headers | more.pop("headers", {})
        return await self.app.client.request(method, path, headers=headers, **more)

    async def write(self, title: str) -> int:
        response = await self.send("POST", "/documents", json={"title": title})
        assert response.status_code == 201, response.text
        return int(response.json()["id"])

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Stream]:
        """Open the event stream and wait until it listens."""
        async with self.app.client.stream(
            "GET", "/events", headers=self.headers
        ) as response:
            assert response.status_code == 200
            stream = Stream(response)
            assert (await stream.next()).name == "ready"
            yield stream

    def socket(self, *, token: str | None = None) -> connect:
        """Connect a WebSocket, with the token in the header."""
        return connect(
            f"ws://{self.slug}.localhost/socket",
            host="127.0.0.1",
            port=self.app.port,
            additional_headers={"authorization": f"Bearer {token or self.token}"},
            proxy=None,
        )


@dataclass(frozen=True, slots=True)
class ServedApp:
    """An app that is being served."""

    app: FastAPI
    port: int
    client: httpx.AsyncClient
    resources: Resources

    async def operate(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send what the operator sends."""
        headers = {"authorization": f"Bearer {OPERATOR}"}
        return await self.client.request(method, path, headers=headers, **more)

    async def tenant(self, slug: str, **more: Any) -> Somebody:
        """Make a tenant and log in as its administrator."""
        new = {
            "slug": slug,
            "name": slug,
            "admin_email": f"boss@{slug}.example",
            "admin_password": PASSWORD,
            **more,
        }
        made = await self.operate("POST", "/admin/tenants", json=new)
        assert made.status_code == 201, made.text
        return await self.log_in(slug)

    async def log_in(self, slug: str) -> Somebody:
        """Log in as the administrator of a tenant."""
        form = {"username": f"boss@{slug}.example", "password": PASSWORD}
        answer = await self.client.post(
            "/token", data=form, headers={"host": f"{slug}.localhost"}
        )
        assert answer.status_code == 200, answer.text
        return Somebody(self, slug, answer.json()["access_token"])


class _Server(uvicorn.Server):
    """Says when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.serving.set()


@asynccontextmanager
async def serving(
    dsn: str, parts: Parts | None = None, **settings: Any
) -> AsyncIterator[ServedApp]:
    """Serve the app for a block."""
    async with served(create_app(settings_for(dsn, **settings), parts)) as app:
        yield app


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[ServedApp]:
    """Serve an app for a block; leaving it stops the server as SIGTERM would."""
    server = _Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        async with asyncio.TaskGroup() as group, asyncio.timeout(120):
            serving = group.create_task(server.serve(sockets=[listener]))
            await server.serving.wait()
            async with httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE
            ) as client:
                state = server.lifespan.state
                resources = cast("Resources", state["resources"])
                try:
                    yield ServedApp(app, port, client, resources)
                finally:
                    server.should_exit = True
                    await serving


async def said(websocket: ClientConnection) -> dict[str, Any]:
    """Return the next message of a socket, as JSON."""
    async with asyncio.timeout(PATIENCE):
        message: dict[str, Any] = json.loads(await websocket.recv())
    return message


async def until_nobody_listens(app: ServedApp) -> None:
    """Wait until the app has noticed that all listeners are gone."""
    async with asyncio.timeout(PATIENCE):
        while app.resources.hub.count():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
