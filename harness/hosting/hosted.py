"""What every way of running the app offers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from harness.model.canary import CanaryKey

if TYPE_CHECKING:
    from harness.hosting.flow import Conversation, Incoming

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, ready to send.

    Attributes:
        method: Upper case.
        target: Path and query, percent-encoded, as on the request line.
        headers: Lower-case names; ``host`` is among them.
        body: The bytes to send.
    """

    method: str
    target: str
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """What came back.

    Attributes:
        status: HTTP status.
        headers: Names in lower case.
        body: All bytes, still content-encoded.
    """

    status: int
    headers: Headers
    body: bytes = field(repr=False)

    def header(self, name: bytes) -> str:
        """Return a header's (first) value; "" if there is none."""
        for key, value in self.headers:
            if key == name:
                return value.decode("latin-1")
        return ""


class ConnectionDropped(Exception):
    """The app closed the connection without (all of) an answer."""


class Hosted(Protocol):
    """The app, running.

    `send` serves one request; what the app logs meanwhile belongs to `exchange`.
    It raises `ConnectionDropped` when no whole answer came although the app is
    still there, `AppFailed` when the app is gone, and `TimeoutError` after
    `timeout` seconds.
    """

    @property
    def url(self) -> str:
        """Where the app answers; "" when it runs in this process."""
        ...

    async def send(
        self, request: Request, *, exchange: int = 0, timeout: float = 30.0
    ) -> Response:
        """Serve one request."""
        ...

    async def open(
        self, request: Request, *, exchange: int = 0, timeout: float = 30.0
    ) -> Response | Incoming:
        """Serve one request, and return as soon as a stream has begun.

        A stream is an answer of a media type that `framing.is_stream` knows; any
        other answer is read to its end, as by `send`.
        """
        ...

    async def connect(
        self, request: Request, *, exchange: int = 0, timeout: float = 30.0
    ) -> Response | Conversation:
        """Ask for a WebSocket; return it, or the answer that refuses it.

        Args:
            request: A GET whose headers say who asks; those of the handshake
                itself are added.
            exchange: What the app logs meanwhile belongs to it.
            timeout: Seconds until the app must have decided.
        """
        ...

    async def send_beacons(self, key: CanaryKey) -> None:
        """Put a beacon into each source of the app's log lines that is tapped.

        On return those that came through are recorded. Where nothing is tapped
        (somebody else runs the app) none is sent.
        """
        ...
