"""An HTTP sink on loopback: takes any request and records it, as a webhook would."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import final

from harness.environment.inbound import Disconnected, Inbound, answer, read
from harness.environment.loopback import Receive, Scope, Send, on_loopback

Listener = Callable[[Inbound], None]
"""Hears of each request before it is answered, on the server's thread."""


def _nobody(request: Inbound) -> None:
    """Hear nothing."""


@dataclass(frozen=True, slots=True)
class Sink:
    """A running sink.

    Attributes:
        url: Its base; anything below it is answered with 200 and ``{}``.
        requests: What came, oldest first; grows while it runs.
    """

    url: str
    requests: list[Inbound] = field(repr=False)


@asynccontextmanager
async def http_sink(
    listener: Listener = _nobody, *, port: int = 0, keep: bool = True
) -> AsyncIterator[Sink]:
    """Run a sink until the block ends.

    Args:
        listener: Hears of each request.
        port: Where to listen; 0 for any free port.
        keep: Whether `Sink.requests` holds what came, bodies and all.

    Raises:
        ResourceError: The port is in use.
    """
    requests: list[Inbound] = []

    def hear(request: Inbound) -> None:
        if keep:
            requests.append(request)
        listener(request)

    async with on_loopback(_Taking(hear), port=port) as url:
        yield Sink(url, requests)


@final
class _Taking:
    """The app of a sink."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            request = await read(scope, receive)
        except Disconnected:
            return
        self._listener(request)
        await answer(send, 200, [("content-type", "application/json")], b"{}")

    def close(self) -> None:
        """Do nothing: no request waits."""
