"""A flow: what a user holds open, and hears messages from."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Final, Protocol
from urllib.parse import SplitResult

CONNECTING: Final = 10.0
"""Seconds for a connection."""
OPENING: Final = 30.0
"""Seconds until the app has said whether it lets somebody in."""
PIECE: Final = 65_536
"""Bytes that are taken at once, at most."""


class BrokenOff(Exception):
    """A flow ended as none should; the text says how."""


class Flow(Protocol):
    """A stream or a socket, or the answer that refuses it.

    Attributes:
        status: HTTP status; 101 of a socket that was accepted.
        headers: Of the answer, as they came.
        content: Of an answer that refuses; b"" of one that does not.
    """

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def content(self) -> bytes: ...

    def messages(self) -> Iterator[bytes]:
        """Yield each message as it comes, until the app ends it.

        Raises:
            BrokenOff: It ended otherwise.
        """
        ...

    def close(self) -> None:
        """Leave, whether it has ended or not."""
        ...


def connected(url: SplitResult) -> socket.socket:
    """Return a connection to where an app answers.

    Raises:
        OSError: Nobody listens there, or not in time.
    """
    secure = url.scheme == "https"
    port = url.port or (443 if secure else 80)
    connection = socket.create_connection((url.hostname, port), CONNECTING)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if secure:
        try:
            connection = _unverified().wrap_socket(
                connection, server_hostname=url.hostname
            )
        except BaseException:
            connection.close()
            raise
    connection.settimeout(OPENING)
    return connection


def _unverified() -> ssl.SSLContext:
    """Return what takes any certificate, as Locust's own users do."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def without(headers: Mapping[str, str], *names: str) -> dict[str, str]:
    """Return headers without some, named in lower case."""
    return {name: value for name, value in headers.items() if name not in names}
