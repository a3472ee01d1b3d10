"""HTTP over a socket: sends what it is given, and returns what comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar, final
from urllib.parse import urlsplit

import httpx

from harness.hosting.failure import is_exhausted, of_system
from harness.hosting.flow import Incoming
from harness.hosting.hosted import ConnectionDropped, Headers, Request, Response
from harness.model.framing import is_stream

T = TypeVar("T")

_LIMITS: Final = httpx.Limits(
    max_connections=None, max_keepalive_connections=100, keepalive_expiry=5.0
)


class Unreachable(Exception):
    """Nobody answers at the address."""


@final
class Wire:
    """A client of one address: keeps connections alive and follows nothing.

    It adds no cookie, redirect, proxy or setting of the environment's.

    Args:
        url: Where the app answers; a path in it goes before each target.
    """

    def __init__(self, url: str) -> None:
        # The transport alone: a client would add headers and keep cookies.
        self._transport = httpx.AsyncHTTPTransport(
            verify=url.startswith("https:"), trust_env=False, limits=_LIMITS
        )
        self._url = httpx.URL(url)
        self._prefix = urlsplit(url).path.rstrip("/")
        self._streams: set[asyncio.Task[None]] = set()

    async def send(
        self, request: Request, *, extra: Headers = (), timeout: float
    ) -> Response:
        """Send a request and read the whole answer.

        Raises:
            Unreachable: No connection could be made.
            ConnectionDropped: The connection ended before the answer did.
            TimeoutError: No whole answer came within `timeout` seconds.
            ResourceError: This process may not open another file.
        """
        return await self._send(request, extra, timeout, _whole)

    async def open(
        self, request: Request, *, extra: Headers = (), timeout: float
    ) -> Response | Incoming:
        """Send a request; return what streams as soon as it does.

        Raises:
            Unreachable: No connection could be made.
            ConnectionDropped: The connection ended before the answer did.
            TimeoutError: No whole answer came, and no stream began, within
                `timeout` seconds.
            ResourceError: This process may not open another file.
        """
        return await self._send(request, extra, timeout, self._begun)

    async def _send(
        self,
        request: Request,
        extra: Headers,
        timeout: float,
        take: Callable[[httpx.Response], Awaitable[T]],
    ) -> T:
        outgoing = httpx.Request(
            request.method,
            self._url,
            headers=[*request.headers, *extra],
            content=request.body,
            extensions={"target": (self._prefix + request.target).encode("ascii")},
        )
        try:
            async with asyncio.timeout(timeout):
                response = await self._transport.handle_async_request(outgoing)
                return await take(response)
        except TimeoutError:
            raise TimeoutError(f"No answer came within {timeout:g} s.") from None
        except httpx.ConnectError as error:
            exhausted = is_exhausted(error)
            if exhausted:
                raise of_system(exhausted, "send a request") from error
            raise Unreachable(str(error)) from error
        except httpx.TransportError as error:
            path = request.target.partition("?")[0]
            reason = str(error) or type(error).__name__
            raise ConnectionDropped(f"{request.method} {path}: {reason}") from error

    async def close(self) -> None:
        """Leave all streams and close all connections."""
        for task in tuple(self._streams):
            task.cancel()
        if self._streams:
            await asyncio.wait(self._streams)
        await self._transport.aclose()

    async def _begun(self, response: httpx.Response) -> Response | Incoming:
        if not is_stream(response.headers.get("content-type", "")):
            return await _whole(response)

        async def leave() -> None:
            task.cancel()
            await asyncio.wait((task,))

        incoming = Incoming(response.status_code, _headers(response), leave)
        # One reader for each: to be cancelled while it reads would break the stream.
        task = asyncio.create_task(_read(response, incoming))
        self._streams.add(task)
        task.add_done_callback(self._streams.discard)
        return incoming


async def _read(response: httpx.Response, incoming: Incoming) -> None:
    dropped = ""
    try:
        async for piece in response.aiter_raw():
            incoming.put(piece)
    except httpx.TransportError as error:
        dropped = str(error) or type(error).__name__
    finally:
        incoming.end(dropped)
        await response.aclose()


async def _whole(response: httpx.Response) -> Response:
    try:
        chunks = [chunk async for chunk in response.aiter_raw()]
    finally:
        await response.aclose()
    return Response(response.status_code, _headers(response), b"".join(chunks))


def _headers(response: httpx.Response) -> Headers:
    return tuple((name.lower(), value) for name, value in response.headers.raw)
