"""An ASGI app of our own on loopback, in a thread with its own event loop.

What the app under test calls must answer even while the app blocks the loop on
which the harness itself runs.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from concurrent.futures import Future
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol, final

import uvicorn

from harness.errors import EnvironmentFailure, ResourceError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HOST: Final = "127.0.0.1"
_BACKLOG: Final = 512
_START: Final = 10.0
_STOP: Final = 10.0
_GRACE: Final = 2
"""Seconds that requests still being answered get to end."""


class Service(Protocol):
    """What can be served: an ASGI app that can be told to come to an end."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        ...

    def close(self) -> None:
        """Let go of the requests that are kept waiting; called on the server's loop."""
        ...


@asynccontextmanager
async def on_loopback(service: Service, *, port: int = 0) -> AsyncIterator[str]:
    """Serve until the block ends; afterwards the port is free and the thread gone.

    Args:
        service: The app.
        port: Where to listen; 0 for any free port.

    Yields:
        The base URL, without a slash at its end.

    Raises:
        ResourceError: The port is in use.
        EnvironmentFailure: The server did not start or stop.
    """
    with _bound(port) as listener:
        url = f"http://{HOST}:{listener.getsockname()[1]}"
        server = _Server(service, listener)
        thread = threading.Thread(target=server.run_here, name=f"serve {url}")
        thread.daemon = True  # an interrupted run must not wait for it
        thread.start()
        try:
            await _within(_START, server.started_future, f"{url} did not start.")
            yield url
        finally:
            server.stop()
            await _within(_STOP, server.ended, f"{url} did not stop.")
            thread.join()


async def _within(seconds: float, future: Future[None], otherwise: str) -> None:
    try:
        async with asyncio.timeout(seconds):
            await asyncio.wrap_future(future)
    except TimeoutError:
        raise EnvironmentFailure(otherwise) from None


def _bound(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            hint = "End what listens there, or choose port 0 for any free one."
            raise ResourceError(f"Port {port} is in use.", hint=hint) from error
        message = f"Port {port} cannot be had: {error.strerror}."
        raise ResourceError(message) from error
    return listener


@final
class _Server(uvicorn.Server):
    """Uvicorn, told to stop by an event rather than by polling a flag."""

    def __init__(self, service: Service, listener: socket.socket) -> None:
        config = uvicorn.Config(
            service,
            lifespan="off",
            # Logging belongs to the app under test, which may run in this process.
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            backlog=_BACKLOG,
            timeout_graceful_shutdown=_GRACE,
        )
        super().__init__(config)
        self._service = service
        self._listener = listener
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self.started_future: Future[None] = Future()
        self.ended: Future[None] = Future()

    def run_here(self) -> None:
        """Serve on this thread, until `stop`."""
        try:
            asyncio.run(self.serve(sockets=[self._listener]))
        except BaseException as error:  # noqa: BLE001 - who waits is told
            for future in (self.started_future, self.ended):
                if not future.done():
                    future.set_exception(error)
        else:
            self.ended.set_result(None)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.started_future.set_result(None)
        await self._stop.wait()
        self._service.close()

    def stop(self) -> None:
        """Come to an end; from any thread."""
        if self._loop is not None and not self.ended.done():
            self._loop.call_soon_threadsafe(self._stop.set)
