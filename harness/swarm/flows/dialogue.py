"""A WebSocket that a user holds open, through the `websockets` library."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping, Sequence
from json import dumps
from typing import Any, Final, final
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.exceptions import WebSocketException
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import Event
from websockets.uri import parse_uri

from harness.swarm.flows.flow import PIECE, BrokenOff, connected, without

SWITCHED: Final = 101
_DATA: Final = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CONT})
_OWN: Final = ("host", "connection", "upgrade", "accept", "content-type")
"""Headers that the handshake sets itself, or has no use for."""
_REFUSING: Final = frozenset({1008, 3000, 3003, *range(4000, 5000)})
"""Codes by which apps close a socket that they accepted only to say no."""
_FAILED: Final = frozenset({1002, 1006, 1007, 1011})
"""Codes of a socket that ended by a mistake, or without a word (RFC 6455, 7.4)."""


@final
class Dialogue:
    """A WebSocket, or the answer that refuses it; made by `open_dialogue`."""

    def __init__(
        self,
        connection: socket.socket,
        protocol: ClientProtocol,
        response: Response,
        early: Sequence[Event],
    ) -> None:
        self.status = response.status_code
        self.headers = tuple(response.headers.raw_items())
        self.content = bytes(response.body or b"")
        self._connection = connection
        self._protocol = protocol
        self._early = list(early)
        connection.settimeout(None)

    def say(self, message: str) -> None:
        """Send a message; one that comes too late is lost, as on any network."""
        with contextlib.suppress(OSError, WebSocketException):
            self._protocol.send_text(message.encode())
            flush(self._connection, self._protocol)

    def messages(self) -> Iterator[bytes]:
        """Yield each message as it comes, until the app closes it.

        Raises:
            BrokenOff: It was closed for a mistake, or to say no.
        """
        unended, heard = b"", False
        while True:
            events, self._early = [*self._early, *self._protocol.events_received()], []
            for event in events:
                if isinstance(event, Frame) and event.opcode in _DATA:
                    unended += bytes(event.data)
                    if event.fin:
                        heard = True
                        yield unended
                        unended = b""
            if not self._goes_on():
                break
        code = self._protocol.close_code or 1006
        if code in _FAILED or (code in _REFUSING and not heard):
            raise BrokenOff(f"closed with code {code}")

    def _goes_on(self) -> bool:
        """Take what comes next; say whether there was anything."""
        try:
            flush(self._connection, self._protocol)
            data = self._connection.recv(PIECE)
        except OSError:
            data = b""
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        return bool(data)

    def close(self) -> None:
        """Leave, whether it is closed or not."""
        with contextlib.suppress(OSError, WebSocketException):
            self._connection.settimeout(0)
            self._protocol.send_close(1000)
            flush(self._connection, self._protocol)
        self._connection.close()


def open_dialogue(
    base: str, path: str, headers: Mapping[str, str], said: Sequence[Any] = ()
) -> Dialogue:
    """Ask for a WebSocket, and say something on it.

    Args:
        base: Where the app answers; a path in it goes before `path`.
        path: Of the handshake, with its query.
        headers: Of the handshake, names in lower case.
        said: The messages: texts, or values that are sent as JSON.

    Raises:
        OSError: Nobody listens, or there was no answer in time.
        BrokenOff: What came is no answer.
    """
    url = urlsplit(base)
    connection = connected(url)
    try:
        scheme = "wss" if url.scheme == "https" else "ws"
        target = f"{scheme}://{url.netloc}{url.path.rstrip('/')}{path}"
        protocol = ClientProtocol(parse_uri(target), max_size=None)
        request = protocol.connect()
        if "host" in headers:
            del request.headers["Host"]
            request.headers["Host"] = headers["host"]
        request.headers.update(without(headers, *_OWN))
        protocol.send_request(request)
        flush(connection, protocol)
        dialogue = _answered(connection, protocol)
        if dialogue.status == SWITCHED:
            for message in said:
                dialogue.say(message if isinstance(message, str) else dumps(message))
        return dialogue
    except BaseException:
        connection.close()
        raise


def _answered(connection: socket.socket, protocol: ClientProtocol) -> Dialogue:
    while True:
        data = connection.recv(PIECE)
        if data:
            protocol.receive_data(data)
        else:
            protocol.receive_eof()
        events = protocol.events_received()
        for place, event in enumerate(events):
            if isinstance(event, Response):
                later = events[place + 1 :]
                return Dialogue(connection, protocol, event, later)
        if not data:
            raise BrokenOff(str(protocol.handshake_exc or "no answer"))


def flush(connection: socket.socket, protocol: ClientProtocol) -> None:
    """Send what the protocol has to say, such as answers to pings."""
    for data in protocol.data_to_send():
        if data:
            connection.sendall(data)
        else:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
