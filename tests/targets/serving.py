"""A target served on a loopback port, and clients of its tenants."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import uvicorn
from fastapi import FastAPI


class AnnouncingServer(uvicorn.Server):
    """A server that says when it has started, or has failed to."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.decided = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        try:
            await super().startup(sockets)
        finally:
            self.decided.set()


class Site:
    """A running app; hands out clients and closes them."""

    def __init__(self, url: str, clients: AsyncExitStack) -> None:
        self.url = url
        self._clients = clients

    async def client(self, **headers: str) -> httpx.AsyncClient:
        """Return a client that sends these headers with each request."""
        client = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60)
        return await self._clients.enter_async_context(client)

    async def user(self, host: str, email: str, password: str) -> httpx.AsyncClient:
        """Return a client that has logged in by the OAuth2 form."""
        client = await self.client(Host=host)
        form = {"username": email, "password": password}
        answer = (await client.post("/token", data=form)).raise_for_status()
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client


@asynccontextmanager
async def serve(app: FastAPI) -> AsyncIterator[Site]:
    """Serve an app in this process while the context lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = AnnouncingServer(uvicorn.Config(app, lifespan="on", log_config=None))
        async with asyncio.TaskGroup() as tasks, AsyncExitStack() as clients:
            tasks.create_task(server.serve(sockets=[listener]))
            await server.decided.wait()
            assert server.started, "the app did not start; see its log"
            clients.callback(setattr, server, "should_exit", True)
            yield Site(f"http://127.0.0.1:{listener.getsockname()[1]}", clients)
