"""A stream: an answer that goes on, message by message."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Final, final
from urllib.parse import SplitResult, urlsplit

from harness.model.framing import framing
from harness.swarm.flows.flow import PIECE, BrokenOff, connected

_MOST: Final = 2**20
"""Bytes of an answer that refuses which are looked at."""


@final
class Stream:
    """An answer that goes on; made by `open_stream`."""

    def __init__(self, connection: socket.socket, response: HTTPResponse) -> None:
        self.status = response.status
        self.headers = tuple(response.getheaders())
        opened = 200 <= response.status < 300
        self.content = b"" if opened else response.read(_MOST)
        self._connection = connection
        self._response = response
        self._framing = framing(response.getheader("content-type") or "")
        connection.settimeout(None)

    def messages(self) -> Iterator[bytes]:
        """Yield each message as it comes, until the app ends it.

        Raises:
            BrokenOff: The connection ended first.
        """
        try:
            while piece := self._response.read1(PIECE):
                yield from self._framing.feed(piece)
        except (OSError, HTTPException) as error:
            raise BrokenOff(type(error).__name__) from error
        yield from self._framing.rest()

    def close(self) -> None:
        """Leave, whether it has ended or not."""
        self._response.close()
        self._connection.close()


def open_stream(
    base: str, method: str, path: str, headers: Mapping[str, str], body: bytes | None
) -> Stream:
    """Ask for a stream.

    Args:
        base: Where the app answers; a path in it goes before `path`.
        method: Of the request.
        path: Of the request, with its query.
        headers: Of the request, names in lower case.
        body: Of the request; None for none.

    Raises:
        OSError: Nobody listens, or there was no answer in time.
        HTTPException: What came is none.
    """
    url: SplitResult = urlsplit(base)
    connection = connected(url)
    try:
        # Over a connection that is there: the client would close it too early.
        client = HTTPConnection(url.hostname or "", url.port)
        client.sock = connection
        target = url.path.rstrip("/") + path
        client.request(method, target, body=body, headers=dict(headers))
        return Stream(connection, client.getresponse())
    except BaseException:
        connection.close()
        raise
