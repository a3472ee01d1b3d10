"""An app that somebody else runs: the same interface, but nothing is tapped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import final
from urllib.parse import urlsplit

from harness.errors import AppFailed, TargetError
from harness.hosting.flow import Conversation, Incoming
from harness.hosting.hosted import Hosted, Request, Response
from harness.hosting.phone import dial
from harness.hosting.wire import Unreachable, Wire
from harness.model.canary import CanaryKey


@asynccontextmanager
async def remote(url: str, *, connect_timeout: float = 5.0) -> AsyncIterator[Hosted]:
    """Talk to an app that is already running.

    Args:
        url: Where it answers, ``"http://127.0.0.1:8000"``; may have a path.
        connect_timeout: Seconds until somebody must answer there.

    Raises:
        TargetError: That is no URL of a web server.
        AppFailed: Nobody answers there.
    """
    url = url.rstrip("/")
    host, port = _address(url)
    try:
        async with asyncio.timeout(connect_timeout):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        raise _nobody(url) from error
    writer.close()
    wire = Wire(url)
    try:
        yield Remote(url, wire)
    finally:
        await wire.close()


def _address(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (KeyError, ValueError):
        port = 0
    if not port or not parts.hostname or parts.query or parts.fragment:
        raise TargetError(
            f"{url!r} is no URL of an app.",
            hint='Write it as "http://host:port", with a path if it has one.',
        )
    return parts.hostname, port


def _nobody(url: str) -> AppFailed:
    return AppFailed(f"Nobody answers at {url}.", hint="Start the app first.")


@final
class Remote:
    """An app at a URL; made by `remote`."""

    def __init__(self, url: str, wire: Wire) -> None:
        self._url = url
        self._wire = wire

    @property
    def url(self) -> str:
        return self._url

    async def send(
        self, request: Request, *, exchange: int = 0, timeout: float = 30.0
    ) -> Response:
        try:
            return await self._wire.send(request, timeout=timeout)
        except Unreachable as error:
            raise _nobody(self._url) from error

    async def open(
        self, request: Request, *, exchange: int = 0, timeout: float = 30.0
    ) -> Response | Incoming:
        try:
            return await self._wire.open(request, timeout=timeout)
        except Unreachable as error:
            raise _nobody(self._url) from error

    async def connect(
        self, request: Request, *, exchange: int = 0, timeout: float = 30.0
    ) -> Response | Conversation:
        try:
            return await dial(self._url, request, timeout=timeout)
        except Unreachable as error:
            raise _nobody(self._url) from error

    async def send_beacons(self, key: CanaryKey) -> None:
        """Send none: whatever the app logs, nobody here sees it."""
