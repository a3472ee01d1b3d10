"""A connection to Postgres, as far as a schedule tampers with what goes over it."""

from __future__ import annotations

import asyncio
import os
import select
import socket
from collections.abc import Callable
from typing import Any, Final, final

_READY: Final = b"Z\x00\x00\x00\x05"
_SYNC: Final = b"S\x00\x00\x00\x04"
_PEEK: Final = 1 << 20
_TAIL: Final = len(_READY) + 1
_HEAD: Final = 5
# What the answer to a statement that is prepared, and not run, ends with.
_PREPARED: Final = frozenset(b"TnE")


@final
class PostgresWire:
    """One connection to Postgres, as far as a schedule tampers with it.

    Args:
        transport: Of the connection.
        backend: Returns the process id of the server's end.
    """

    def __init__(self, transport: Any, backend: Callable[[], int | None]) -> None:
        self._transport = transport
        self._backend = backend
        self._outstanding = False
        self._spoiled = ""
        self._tail = b""
        self._held = False
        self._prepares = False
        self._unread = b""
        self._swallows = False

    @property
    def backend(self) -> int:
        return self._backend() or 0

    @property
    def outstanding(self) -> bool:
        return self._outstanding and not self._transport.is_closing()

    def hold(self) -> None:
        if not self._transport.is_closing() and not self._held:
            self._transport.pause_reading()
            self._held = True

    def resume(self) -> None:
        if self._held and not self._transport.is_closing():
            self._transport.resume_reading()
        self._held = False

    def answered(self) -> bool:
        if not self.outstanding:
            return True
        sock = self._transport.get_extra_info("socket")
        if sock is None:
            return False
        if not select.select([sock.fileno()], [], [], 0)[0]:
            return False
        twin = socket.socket(fileno=os.dup(sock.fileno()))
        try:
            there = twin.recv(_PEEK, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except OSError:
            return True
        finally:
            twin.close()
        if not there or len(there) >= _PEEK or there[-_TAIL:-1] == _READY:
            return True
        return self._prepares and _ends_in(there) in _PREPARED

    def spoil(self, sqlstate: str) -> None:
        self._spoiled = sqlstate

    def cut(self) -> None:
        self._held = False
        self._outstanding = False
        self._transport.abort()

    def sends(self, data: bytes) -> bytes:
        """Return what to send, instead of what was to be sent."""
        if self._swallows and data == _SYNC:
            self._swallows = False
            return b""
        # asyncpg prepares statements without asking that the server be ready again.
        self._prepares = data[:1] == b"P" and data[-len(_SYNC) :] != _SYNC
        self._outstanding = True
        self._unread = b""
        if not self._spoiled:
            return data
        state, self._spoiled = self._spoiled, ""
        # It asks for that only once it sees the error.
        self._swallows, self._prepares = self._prepares, False
        return _raising(state)

    def came(self, data: bytes) -> None:
        """Take account of what was read."""
        self._tail = (self._tail + data[-_TAIL:])[-_TAIL:]
        if self._tail[:-1] == _READY:
            self._outstanding = False
        elif self._prepares:
            self._unread += data
            if _ends_in(self._unread) in _PREPARED:
                self._outstanding = False


def _ends_in(data: bytes) -> int:
    """Return the type of the last message; 0 if that is not whole yet."""
    at = kind = 0
    while at + _HEAD <= len(data):
        kind = data[at]
        at += 1 + int.from_bytes(data[at + 1 : at + _HEAD], "big")
    return kind if at == len(data) else 0


def _raising(sqlstate: str) -> bytes:
    """Return a simple query that the server answers with an error.

    Its session is then as if any statement of its own had failed: a transaction is
    aborted, and nothing of the statement was done.
    """
    message = {
        "57014": "canceling statement due to user request",
    }.get(sqlstate, "an error that the test harness asked for")
    text = (
        "DO $harness$ BEGIN RAISE EXCEPTION USING "
        f"ERRCODE = '{sqlstate}', MESSAGE = '{message}'; END $harness$"
    ).encode()
    return b"Q" + (len(text) + 5).to_bytes(4, "big") + text + b"\x00"


@final
class Sending:
    """A transport that has each message looked at before it is sent."""

    def __init__(self, transport: asyncio.Transport, wire: PostgresWire) -> None:
        self._transport = transport
        self._wire = wire

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        self._transport.write(self._wire.sends(bytes(data)))

    def writelines(self, parts: list[bytes]) -> None:
        self._transport.write(self._wire.sends(b"".join(parts)))
