"""HTTP over a socket: sends what it is given, and returns what comes."""

from __future__ import annotations

import asyncio
from typing import Final, final
from urllib.parse import urlsplit

import httpx

from harness.hosting.failure import is_exhausted, of_system
from harness.hosting.hosted import ConnectionDropped, Headers, Request, Response

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
        outgoing = httpx.Request(
            request.method,
            self._url,
            headers=[*request.headers, *extra],
            content=request.body,
            extensions={"target": (self._prefix + request.target).encode("ascii")},
        )
        try:
            async with asyncio.timeout(timeout):
                return await self._exchange(outgoing)
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
        """Close all connections."""
        await self._transport.aclose()

    async def _exchange(self, outgoing: httpx.Request) -> Response:
        response = await self._transport.handle_async_request(outgoing)
        try:
            chunks = [chunk async for chunk in response.aiter_raw()]
        finally:
            await response.aclose()
        headers = tuple((name.lower(), value) for name, value in response.headers.raw)
        return Response(response.status_code, headers, b"".join(chunks))
