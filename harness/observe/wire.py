"""The tap on asyncpg's wire protocol: what is sent waits for its turn.

It relies on names of asyncpg's that are not public; `CONTRACT` lists them.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import select
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final, final

import asyncpg
import asyncpg.connect_utils
import asyncpg.protocol
from asyncpg.exceptions import ConnectionDoesNotExistError, InterfaceError

from harness.errors import EnvironmentFailure
from harness.point import Gate, Work, running_gate

CONTRACT: Final[Mapping[str, tuple[str, ...]]] = {
    "asyncpg.protocol:Protocol": (
        "bind",
        "bind_execute",
        "bind_execute_many",
        "close",
        "close_portal",
        "close_statement",
        "copy_in",
        "copy_out",
        "execute",
        "prepare",
        "query",
        "_is_cancelling",
        "_wait_for_cancellation",
        "connection_made",
        "data_received",
        "get_server_pid",
        "is_closed",
        "is_connected",
    ),
    "asyncpg.connect_utils": ("_cancel", "__connect_addr"),
}
"""What the tap takes the place of, or asks, by where it is."""

GATED: Final = CONTRACT["asyncpg.protocol:Protocol"][:11]
_LONGEST: Final = 72
_READY: Final = b"Z\x00\x00\x00\x05"
_SYNC: Final = b"S\x00\x00\x00\x04"
_PEEK: Final = 1 << 20
_TAIL: Final = len(_READY) + 1
_HEAD: Final = 5
# What the answer to a statement that is prepared, and not run, ends with.
_PREPARED: Final = frozenset(b"TnE")


@contextlib.contextmanager
def asyncpg_gated() -> Iterator[None]:
    """Have each operation of asyncpg's await the gate of its event loop, if it has one.

    On other loops nothing changes. What the app imported of asyncpg stays valid.

    Raises:
        EnvironmentFailure: This asyncpg lacks what the tap relies on.
    """
    check_contract()
    module, utils = asyncpg.protocol, asyncpg.connect_utils
    protocol, connect, cancel = (
        module.Protocol,
        getattr(utils, "__connect_addr"),
        getattr(utils, "_cancel"),  # noqa: B009 - private
    )
    names: Any = utils
    module.Protocol = _gated_class(protocol)  # type: ignore[misc]
    setattr(names, "__connect_addr", _connecting(connect))
    names._cancel = _cancelling(cancel)  # noqa: SLF001
    try:
        yield
    finally:
        module.Protocol = protocol  # type: ignore[misc]
        setattr(names, "__connect_addr", connect)
        names._cancel = cancel  # noqa: SLF001


def check_contract() -> None:
    """Refuse an asyncpg that lacks what the tap relies on.

    Raises:
        EnvironmentFailure: It names what is missing.
    """
    for where, names in CONTRACT.items():
        owner: Any = asyncpg.protocol.Protocol
        if ":" not in where:
            owner = asyncpg.connect_utils
        for name in names:
            if not callable(getattr(owner, name, None)):
                raise EnvironmentFailure(
                    f"asyncpg {asyncpg.__version__} has no {where}.{name}, by which "
                    "its operations are put in order.",
                    hint="Use asyncpg 0.32, or tell us of the newer one.",
                )


def _gated_class(plain: type[Any]) -> type[Any]:
    class GatedProtocol(plain):  # type: ignore[misc]
        """asyncpg's protocol, whose operations wait for their turn."""

        harness_gated = True
        harness_busy = 0
        harness_wire: PostgresWire | None = None

        def connection_made(self, transport: Any) -> None:
            if running_gate() is None:
                super().connection_made(transport)
                return
            self.harness_wire = PostgresWire(transport, self.get_server_pid)
            super().connection_made(_Sending(transport, self.harness_wire))

        def data_received(self, data: bytes) -> None:
            if self.harness_wire is not None:
                self.harness_wire.came(data)
            super().data_received(data)

    for name in GATED:
        setattr(GatedProtocol, name, _gated(getattr(plain, name), name))
    return GatedProtocol


def _gated(method: Callable[..., Awaitable[Any]], name: str) -> Callable[..., Any]:
    @functools.wraps(method)
    async def performed(self: Any, *args: Any, **kwargs: Any) -> Any:
        gate = running_gate()
        wire = self.harness_wire
        if gate is None or wire is None or not self.is_connected():
            # It raises at once, or nobody orders anything.
            return await method(self, *args, **kwargs)
        if self.harness_busy and name != "close":
            # As asyncpg says once the first one was sent, which it was at once.
            raise InterfaceError(
                "cannot perform operation: another operation is in progress"
            )
        if self._is_cancelling():
            # In memory, before anything is sent.
            await self._wait_for_cancellation()
        self.harness_busy += 1
        try:
            return await gate.perform(
                Work(
                    kind="query" if name != "close" else "close",
                    label=_label(name, args),
                    call=functools.partial(method, self, *args, **kwargs),
                    wire=wire,
                    failure=_connection_lost,
                )
            )
        finally:
            self.harness_busy -= 1

    return performed


def _connecting(connect: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    @functools.wraps(connect)
    async def connected(*args: Any, **kwargs: Any) -> Any:
        call = functools.partial(connect, *args, **kwargs)
        gate = running_gate()
        if gate is None:
            return await call()
        return await gate.perform(Work("connect", "Postgres", call, None, _refused))

    return connected


def _cancelling(cancel: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    @functools.wraps(cancel)
    async def cancelled(*args: Any, **kwargs: Any) -> Any:
        call = functools.partial(cancel, *args, **kwargs)
        gate: Gate | None = running_gate()
        if gate is None:
            return await call()
        work = Work("cancel", "of the statement at Postgres", call)
        return await gate.perform(work)

    return cancelled


def _refused() -> Exception:
    return ConnectionRefusedError("connection refused")


def _connection_lost() -> Exception:
    return ConnectionDoesNotExistError(
        "connection was closed in the middle of operation"
    )


def _label(name: str, args: tuple[Any, ...]) -> str:
    for one in args[:2]:
        text = getattr(one, "query", one)
        if isinstance(text, str) and " " in text:
            line = " ".join(text.split())
            return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
    return name.replace("_", " ")


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
class _Sending:
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
