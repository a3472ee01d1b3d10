"""asyncpg's operations wait for their turn, at its wire protocol."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from harness.observe.asyncpg.contract import (
    CANCEL,
    CONNECT,
    CONNECTION_MADE,
    DATA_RECEIVED,
    LISTENING,
    OPERATIONS,
    QUESTIONS,
    outdated,
)
from harness.observe.asyncpg.wire import PostgresWire, Sending
from harness.observe.patching import Patch, patched_on_import
from harness.point import GIVE_UP, Work, running_gate

Method = Callable[..., Awaitable[Any]]

_LONGEST: Final = 72


@contextlib.contextmanager
def asyncpg_gated() -> Iterator[None]:
    """Have each operation of asyncpg's await the gate of its event loop, if it has one.

    It holds for connections that are opened from now on, whoever opens them. On other
    loops nothing changes, and asyncpg is not imported.

    Raises:
        EnvironmentFailure: This asyncpg lacks what the tap relies on. It comes out of
            the import of asyncpg if that is imported later.
    """
    patches = (
        *(Patch(name, _as_it_is) for name in QUESTIONS),
        *(Patch(name, _operation) for name in OPERATIONS),
        Patch(CONNECTION_MADE, _connection_made),
        Patch(DATA_RECEIVED, _data_received),
        Patch(CONNECT, _connecting),
        Patch(CANCEL, _cancelling),
        *(Patch(name, _listening) for name in LISTENING),
    )
    with patched_on_import(patches, lacking=outdated):
        yield


def _as_it_is(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def _connection_made(made: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(made)
    def connection_made(self: Any, transport: Any) -> None:
        if running_gate() is None:
            made(self, transport)
            return
        self.harness_gated = True
        self.harness_busy = 0
        self.harness_wire = PostgresWire(transport, self.get_server_pid)
        made(self, Sending(transport, self.harness_wire))

    return connection_made


def _data_received(receive: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(receive)
    def data_received(self: Any, data: bytes) -> None:
        wire: PostgresWire | None = getattr(self, "harness_wire", None)
        if wire is not None:
            wire.came(data)
        receive(self, data)

    return data_received


def _operation(method: Method) -> Method:
    name = method.__name__

    @functools.wraps(method)
    async def performed(self: Any, *args: Any, **kwargs: Any) -> Any:
        gate = running_gate()
        wire: PostgresWire | None = getattr(self, "harness_wire", None)
        if gate is None or wire is None or not self.is_connected():
            # It raises at once, or nobody orders anything.
            return await method(self, *args, **kwargs)
        if self.harness_busy and name != "close":
            # As asyncpg says once the first one was sent, which it was at once.
            raise _busy()
        if self._is_cancelling():
            # In memory, before anything is sent.
            await self._wait_for_cancellation()
        call = functools.partial(method, self, *args, **kwargs)
        if name == "close":
            # What it awaits is that the server hangs up: there is no answer to spoil.
            return await gate.perform(Work("close", "the connection", call))
        self.harness_busy += 1
        try:
            label = _label(name, args, kwargs)
            work = Work("query", label, call, wire, _connection_lost)
            return await gate.perform(work)
        finally:
            self.harness_busy -= 1

    return performed


def _connecting(connect: Method) -> Method:
    @functools.wraps(connect)
    async def connected(*args: Any, **kwargs: Any) -> Any:
        call = functools.partial(connect, *args, **kwargs)
        gate = running_gate()
        if gate is None:
            return await call()
        work = Work("connect", "Postgres", call, None, _refused, _terminate)
        return await gate.perform(work)

    return connected


def _cancelling(cancel: Method) -> Method:
    @functools.wraps(cancel)
    async def cancelled(*args: Any, **kwargs: Any) -> Any:
        call = functools.partial(cancel, *args, **kwargs)
        gate = running_gate()
        if gate is None:
            return await call()
        backend = int(kwargs.get("backend_pid") or 0)
        label = "of the statement at Postgres"
        return await gate.perform(Work(GIVE_UP, label, call, cancels=backend))

    return cancelled


def _listening(change: Method) -> Method:
    @functools.wraps(change)
    async def changed(self: Any, *args: Any, **kwargs: Any) -> None:
        await change(self, *args, **kwargs)
        # What comes then answers nothing that was asked.
        protocol = self._protocol
        if hasattr(protocol, "harness_wire"):
            protocol.harness_listens = bool(self._listeners)

    return changed


def _terminate(connection: Any) -> None:
    connection.terminate()


def _refused() -> Exception:
    return ConnectionRefusedError("connection refused")


def _busy() -> Exception:
    from asyncpg.exceptions import InterfaceError

    return InterfaceError("cannot perform operation: another operation is in progress")


def _connection_lost() -> Exception:
    from asyncpg.exceptions import ConnectionDoesNotExistError

    return ConnectionDoesNotExistError(
        "connection was closed in the middle of operation"
    )


def _label(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Return the statement, on one line."""
    at = 1 if name == "prepare" else 0
    given = args[at] if len(args) > at else kwargs.get("state")
    text = getattr(given, "query", given)
    if not isinstance(text, str) or not text:
        return name.replace("_", " ")
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
