"""The tap on redis' asyncio client: commands wait for their turn."""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from harness.errors import EnvironmentFailure
from harness.observe.patching import Patch, patched_on_import
from harness.point import Work, running_gate

Method = Callable[..., Awaitable[Any]]

_MODULE: Final = "redis.asyncio.connection"
_CONNECT: Final = (
    f"{_MODULE}:Connection._connect",
    f"{_MODULE}:UnixDomainSocketConnection._connect",
)
_SEND: Final = f"{_MODULE}:AbstractConnection.send_packed_command"
# What the tap calls.
_READY: Final = f"{_MODULE}:AbstractConnection.connect_check_health"
_READ: Final = f"{_MODULE}:AbstractConnection.read_response"
_LONGEST: Final = 40


@contextlib.contextmanager
def redis_gated() -> Iterator[None]:
    """Have each command to Redis await the gate of its event loop, if it has one.

    What is sent waits for its turn; its answer is waited for. Who listens for messages
    waits for whoever sends them, and is no part of that.

    Raises:
        EnvironmentFailure: redis lacks what the tap relies on. It comes out of the
            import of redis if that is imported later.
    """
    patches = (
        *(Patch(name, _connecting) for name in _CONNECT),
        Patch(_READY, lambda function: function),
        Patch(_SEND, _sending),
        Patch(_READ, _reading),
    )
    with patched_on_import(patches, lacking=_outdated):
        yield


def _outdated(function: str) -> Exception:
    return EnvironmentFailure(
        f"redis {importlib.metadata.version('redis')} has no {function}, by which its "
        "commands are put in order.",
        hint="Use redis 6.2 or later, or tell us of the one that you need.",
    )


def _refused() -> Exception:
    return ConnectionRefusedError("connection refused")


def _connecting(connect: Method) -> Method:
    @functools.wraps(connect)
    async def connected(self: Any) -> None:
        gate = running_gate()
        if gate is None:
            await connect(self)
            return

        async def call() -> None:
            await connect(self)
            protocol = self._writer.transport.get_protocol()
            protocol.harness_gated = True

        def discard(_: None) -> None:
            self._writer.transport.abort()
            self._reader = self._writer = None

        await gate.perform(Work("connect", "Redis", call, None, _refused, discard))

    return connected


def _sending(send: Method) -> Method:
    @functools.wraps(send)
    async def sent(self: Any, command: Any, *args: Any, **kwargs: Any) -> None:
        gate = running_gate()
        if gate is not None and not self.is_connected:
            # As it does itself, which is more than one operation.
            await self.connect_check_health(check_health=False)
        call = functools.partial(send, self, command, *args, **kwargs)
        if gate is None:
            await call()
            return
        await gate.perform(Work("redis", _label(command), call, None, _lost))

    return sent


def _lost() -> Exception:
    return ConnectionResetError("connection lost")


def _reading(read: Method) -> Method:
    @functools.wraps(read)
    async def answered(self: Any, *args: Any, **kwargs: Any) -> Any:
        call = functools.partial(read, self, *args, **kwargs)
        gate = running_gate()
        listens = kwargs.get("timeout") is not None or kwargs.get("push_request")
        if gate is None or listens:
            return await call()
        return await gate.perform(Work("answer", "of Redis", call, parks=False))

    return answered


def _label(command: Any) -> str:
    """Return the first words of a command as it is sent: ``GET flags:acme``."""
    whole = command if isinstance(command, bytes | str) else b"".join(command)
    data = whole.encode() if isinstance(whole, str) else bytes(whole)
    words = [
        line
        for line in data[:200].decode("utf-8", "replace").split("\r\n")
        if line and not line.startswith(("*", "$"))
    ]
    text = " ".join(words[:2])
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
