"""The tap on httpx, and on what else uses httpcore: requests wait for their turn.

httpx 2 comes with a core of its own, httpcore2, which is tapped alike; the SDKs of
model providers use one or the other.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from harness.errors import EnvironmentFailure
from harness.observe.patching import Patch, patched_on_import
from harness.point import Work, running_gate

Method = Callable[..., Awaitable[Any]]

CORES: Final = ("httpcore", "httpcore2")
_HTTP11: Final = "_async.http11:AsyncHTTP11Connection"
_BACKEND: Final = "_backends.anyio:AnyIOBackend"
_STREAM: Final = "_backends.anyio:AnyIOStream"


@contextlib.contextmanager
def http_gated() -> Iterator[None]:
    """Have each HTTP request await the gate of its event loop, if it has one.

    A request waits before it is sent, and goes on when the head of its answer has
    come. It has its connection then, so that no wait for a place in the pool is made
    up. Parts of a body are there or not, as the server says: they never wait.

    Raises:
        EnvironmentFailure: The library lacks what the tap relies on. It comes out of
            the import of the library if that is imported later.
    """
    patches = [patch for core in CORES for patch in _patches(core)]
    with patched_on_import(patches, lacking=_outdated):
        yield


def _patches(core: str) -> Iterator[Patch]:
    receiving = functools.partial(_receiving, core=core)
    yield Patch(f"{core}.{_HTTP11}._send_request_headers", _beginning)
    yield Patch(f"{core}.{_HTTP11}._send_request_body", _going_on)
    yield Patch(f"{core}.{_HTTP11}._receive_response_headers", receiving)
    for name in ("connect_tcp", "connect_unix_socket"):
        connecting = functools.partial(_connecting, core=core)
        yield Patch(f"{core}.{_BACKEND}.{name}", connecting)
    for name in ("read", "write", "start_tls"):
        yield Patch(f"{core}.{_STREAM}.{name}", _streaming)


def _outdated(function: str) -> Exception:
    core = function.partition(".")[0]
    return EnvironmentFailure(
        f"{core} {importlib.metadata.version(core)} has no {function}, by which "
        "requests are put in order.",
        hint="Use httpcore 1.0 or httpcore2 2.x, or tell us of the one that you need.",
    )


def _beginning(send: Method) -> Method:
    @functools.wraps(send)
    async def begun(self: Any, request: Any) -> None:
        if running_gate() is None:
            await send(self, request)
            return
        # The request is sent in one piece, when it is its turn.
        self.harness_unsent = [functools.partial(send, self, request)]

    return begun


def _going_on(send: Method) -> Method:
    @functools.wraps(send)
    async def gone_on(self: Any, request: Any) -> None:
        if running_gate() is None:
            await send(self, request)
            return
        self.harness_unsent.append(functools.partial(send, self, request))

    return gone_on


def _receiving(receive: Method, *, core: str) -> Method:
    @functools.wraps(receive)
    async def received(self: Any, request: Any) -> Any:
        gate = running_gate()
        if gate is None:
            return await receive(self, request)
        unsent: list[Callable[[], Awaitable[None]]] = self.harness_unsent
        library: Any = sys.modules[core]

        async def call() -> Any:
            # As httpcore: a server may answer without having read all.
            with contextlib.suppress(library.WriteError):
                for send in unsent:
                    await send()
            return await receive(self, request)

        def failure() -> Exception:
            error: Exception = library.ReadTimeout("the answer did not come")
            return error

        return await gate.perform(Work("http", _label(request), call, None, failure))

    return received


def _label(request: Any) -> str:
    method = bytes(request.method).decode("ascii", "replace")
    host = bytes(request.url.host).decode("ascii", "replace")
    target = bytes(request.url.target).decode("ascii", "replace").partition("?")[0]
    return f"{method} {host}{target}"


def _connecting(connect: Method, *, core: str) -> Method:
    @functools.wraps(connect)
    async def connected(self: Any, where: Any, *args: Any, **kwargs: Any) -> Any:
        gate = running_gate()
        if gate is None:
            return await connect(self, where, *args, **kwargs)

        async def call() -> Any:
            stream = await connect(self, where, *args, **kwargs)
            _keep_in_mind(stream)
            return stream

        def failure() -> Exception:
            error: Exception = sys.modules[core].ConnectError("connection refused")
            return error

        work = Work("connect", str(where), call, None, failure, _abort)
        return await gate.perform(work)

    return connected


def _abort(stream: Any) -> None:
    transport = getattr(getattr(stream, "_stream", None), "_transport", None)
    if transport is not None:
        transport.abort()


def _keep_in_mind(stream: Any) -> None:
    """Have a connection that lies idle not be taken for something that is awaited."""
    protocol = getattr(getattr(stream, "_stream", None), "_protocol", None)
    if protocol is not None:
        protocol.harness_gated = True


def _streaming(method: Method) -> Method:
    name = method.__name__

    @functools.wraps(method)
    async def streamed(self: Any, *args: Any, **kwargs: Any) -> Any:
        call = functools.partial(method, self, *args, **kwargs)
        gate = running_gate()
        if gate is None:
            return await call()
        return await gate.perform(Work("stream", name, call, parks=False))

    return streamed
