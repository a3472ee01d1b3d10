"""One worker of a served app: a process that runs uvicorn with the taps beside it.

Run as ``child.py CONTROL LISTENER PARENT``: descriptors of the socket to the parent
and of the listening one, and the parent's process id.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, final

from harness.errors import HarnessError
from harness.hosting.asgi import App, Receive, Scope, Send
from harness.hosting.lifespan import Lifespan
from harness.hosting.loading import load
from harness.hosting.messages import HEADER, Setup, error_kind, parse
from harness.hosting.port import refused
from harness.hosting.sender import Sender
from harness.hosting.surroundings import surroundings
from harness.hosting.tether import follow_parent, watch
from harness.model.boot import Phase
from harness.observe.emitting import emit_beacon
from harness.observe.logs import tap
from harness.recording.context import EXCHANGE
from harness.target.app import AppSpec

if TYPE_CHECKING:
    from harness.hosting.witness import Witness

_KEEP_ALIVE = 75
_FOREVER = 3600.0


@final
class _Marked:
    """The app, each request marked with the exchange that it belongs to."""

    def __init__(self, app: App, state: dict[str, Any], sender: Sender) -> None:
        self._app = app
        self._state = state
        self._sender = sender

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        marks = [value for name, value in scope["headers"] if name == HEADER]
        if marks and marks[0].isdigit():
            exchange = int(marks[0])
            scope["headers"] = [
                (name, value) for name, value in scope["headers"] if name != HEADER
            ]
            # The server's own task: it logs what the app raised, and then ends.
            EXCHANGE.set(exchange)
            task = asyncio.current_task()
            if task is not None:
                task.add_done_callback(lambda _: self._sender("done", exchange))
        scope["state"] = self._state.copy()
        await self._app(scope, receive, send)


async def _serve(
    spec: AppSpec, listener: socket.socket, sender: Sender, witness: Witness | None
) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            # Here and not before; and by us, since uvloop is silent when it fails.
            try:
                listener.listen(self.config.backlog)
            except OSError as error:
                raise refused(error, listener.getsockname()[1]) from error
            await super().startup(sockets=sockets)
            if witness:
                witness.reached(Phase.LISTENING)
            sender("ready")

    # First, as uvicorn does: what the app configures afterwards stands.
    uvicorn.Config(_nothing)
    app = load(spec)
    if witness:
        witness.reached(Phase.IMPORTED)
    lifespan = Lifespan(app)
    await lifespan.startup(_FOREVER)  # the parent has the deadline
    if witness:
        witness.reached(Phase.STARTED)
    config = uvicorn.Config(
        _Marked(app, lifespan.state, sender),
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=max(1, round(spec.shutdown_timeout / 2)),
    )
    await Server(config).serve(sockets=[listener])
    await lifespan.shutdown(_FOREVER)
    if witness:
        await witness.linger()


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Stand in for an app while logging is configured."""


def _witness(setup: Setup, sender: Sender, stack: ExitStack) -> Witness:
    # A worker that nobody watches has no need of it.
    from harness.hosting.witness import Witness

    return Witness(setup, sender, stack)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    with contextlib.suppress(ImportError):
        import uvloop

        return uvloop.new_event_loop
    return None


def _commands(
    runner: asyncio.Runner, sender: Sender, witness: Witness | None
) -> Callable[[bytes], None]:
    """Return what carries out the parent's commands, on the app's own thread."""
    loop = runner.get_loop()

    def emit(number: int, source: str, text: str) -> None:
        try:
            emit_beacon(source, text)
        finally:
            sender("emitted", number)

    def command(line: bytes) -> None:
        match parse(line):
            case ["beacon", int(number), str(source), str(text)]:
                loop.call_soon_threadsafe(emit, number, source, text)
            case ["end"] if witness:
                loop.call_soon_threadsafe(witness.dismissed.set)

    return command


def run(control: socket.socket, listener: socket.socket) -> int:
    """Serve until told to stop; return the exit code."""
    lines = control.makefile("rb")
    setup = Setup.parse(lines.readline())
    spec = setup.spec()
    sender = Sender(control)
    # uvicorn raises the signal again once it has stopped; the lifespan has not.
    signal.signal(signal.SIGTERM, lambda *_: None)
    with (
        tap(sender.line),
        surroundings(spec),
        ExitStack() as stack,
        asyncio.Runner(loop_factory=_loop_factory()) as runner,
    ):
        witness = _witness(setup, sender, stack) if setup.watched else None
        watch(lines, _commands(runner, sender, witness))
        try:
            runner.run(_serve(spec, listener, sender, witness))
        except HarnessError as error:
            sender("failed", error_kind(error), error.message, error.hint)
            return error.exit_code
    return 0


def main() -> None:
    """Run as a program."""
    control, listener, parent = map(int, sys.argv[1:4])
    follow_parent(parent)
    sockets = [socket.socket(fileno=number) for number in (control, listener)]
    for one in sockets:
        one.set_inheritable(False)
    sys.argv[1:] = []
    sys.exit(run(*sockets))


if __name__ == "__main__":
    main()
