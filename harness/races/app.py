"""The app of one schedule: its lifespan and its requests, each in an actor's name."""

from __future__ import annotations

import asyncio
import contextvars
import math
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final, final

from harness.errors import AppFailed
from harness.hosting.cycle import Cycle
from harness.hosting.dialogue import Dialogue
from harness.hosting.hosted import ConnectionDropped, Request, Response
from harness.hosting.lifespan import Lifespan
from harness.hosting.scopes import http_scope, socket_scope
from harness.model.boot import Phase
from harness.model.canary import CanaryKey
from harness.observe.beacons import send_beacons
from harness.point import Work, running_gate
from harness.recording.context import EXCHANGE
from harness.scheduling.actors import ACTOR, Actor

if TYPE_CHECKING:
    from harness.hosting.asgi import App, Scope
    from harness.hosting.flow import Conversation, Incoming
    from harness.recording.recorder import Recorder
    from harness.scheduling.kernel import Kernel

LIFESPAN: Final = "lifespan"


@final
class GatedApp:
    """One app under a schedule; implements `harness.hosting.hosted.Hosted`.

    It waits for answers without a deadline: on a virtual clock one would only hide
    that nobody answers.

    Args:
        make: Makes the app; again if it is started again.
        kernel: Decides who goes on.
        recorder: Where beacons are noted.

    Attributes:
        on_phase: Hears how far the lifespan has come.
    """

    url = ""

    def __init__(
        self, make: Callable[[], App], kernel: Kernel, recorder: Recorder
    ) -> None:
        self._make = make
        self._app = make()
        self.lifespan = Lifespan(self._app)
        self._kernel = kernel
        self._recorder = recorder
        # As under uvicorn, no request sees what another one, or the lifespan, set.
        self._context = contextvars.copy_context()
        self._serving: set[asyncio.Task[None]] = set()
        self._is_stopped = False
        self.on_phase: Callable[[Phase], None] = lambda _: None

    async def start(self, *, leaves: bool = False) -> None:
        """Start the app, as the actor ``lifespan``.

        Args:
            leaves: Whether the start may be cancelled at any moment: schedules try.

        Raises:
            AppFailed: It did not start.
        """
        actor = Actor(LIFESPAN, leaves=leaves, about="the app's lifespan")

        async def run() -> None:
            task = self.lifespan.begin()
            if leaves:
                # As the end of the event loop does.
                actor.leave, actor.task = lambda: (task.cancel(), None)[1], task
                self._kernel.actors[LIFESPAN] = actor
            await self.lifespan.startup(math.inf)

        await self._phase("startup", run)
        actor.leave = actor.task = None
        if actor.left:
            self._is_stopped = True
            raise AppFailed("The app's start-up was cancelled.")
        self.on_phase(Phase.STARTED)

    async def stop(self) -> None:
        """Let what is being served end, then stop the app.

        As under uvicorn: the shutdown begins when no request is left.

        Raises:
            AppFailed: It did not stop.
        """
        if self._is_stopped:
            return
        token = ACTOR.set(LIFESPAN)
        try:
            await _turn(Work("lifespan", "stop", _nothing))
        finally:
            ACTOR.reset(token)
        self._is_stopped = True
        await self.drained()
        await self._phase("shutdown", lambda: self.lifespan.shutdown(math.inf))
        self.on_phase(Phase.STOPPED)

    async def restart(self) -> None:
        """Stop the app, and start it again with nothing in its memory.

        Raises:
            AppFailed: It did not stop, or not start.
        """
        await self.stop()
        self._app = self._make()
        self.lifespan = Lifespan(self._app)
        self._is_stopped = False
        await self.start()

    async def _phase(self, name: str, run: Any) -> None:
        """Begin a phase of the lifespan when it is its turn."""
        token = ACTOR.set(LIFESPAN)
        try:
            await _turn(Work("lifespan", name, _nothing))
            await run()
        finally:
            ACTOR.reset(token)

    async def drained(self) -> None:
        """Wait until nothing is being served any more."""
        while self._serving:
            await asyncio.wait(tuple(self._serving))

    async def send(
        self, request: Request, *, exchange: int = 0, timeout: float = 30.0
    ) -> Response:
        """Serve a request to its end."""
        del timeout
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        cycle = Cycle(request, answered)
        await self._serve(
            request, cycle, http_scope(request, self.lifespan.state), exchange
        )
        await answered
        return cycle.response()

    async def open(
        self, request: Request, *, exchange: int = 0, timeout: float = 30.0
    ) -> Response | Incoming:
        """Serve a request; return when it is answered, or a stream has begun."""
        del timeout
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        tasks: list[asyncio.Task[None]] = []

        async def leave() -> None:
            cycle.leave()
            tasks[0].cancel()
            await asyncio.wait(tasks)

        cycle = Cycle(request, answered, leave)
        tasks.append(
            await self._serve(
                request, cycle, http_scope(request, self.lifespan.state), exchange
            )
        )
        await answered
        return cycle.incoming or cycle.response()

    async def connect(
        self, request: Request, *, exchange: int = 0, timeout: float = 30.0
    ) -> Response | Conversation:
        """Ask for a WebSocket."""
        del timeout
        decided: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        tasks: list[asyncio.Task[None]] = []

        async def leave() -> None:
            dialogue.leave()
            tasks[0].cancel()
            await asyncio.wait(tasks)

        dialogue = Dialogue(decided, leave)
        scope = socket_scope(request, self.lifespan.state)
        tasks.append(await self._serve(request, dialogue, scope, exchange))
        await decided
        return dialogue.outcome()

    async def send_beacons(self, key: CanaryKey) -> None:
        """Put a beacon into each source of log lines."""
        send_beacons(self._recorder, key)

    async def _serve(
        self, request: Request, cycle: Cycle | Dialogue, scope: Scope, exchange: int
    ) -> asyncio.Task[None]:
        """Let a request arrive when it is its turn."""
        path = request.target.partition("?")[0]
        await _turn(Work("arrive", f"{request.method} {path}", _nothing))
        if self._is_stopped:
            # As under uvicorn, which takes no more connections then.
            raise ConnectionDropped(f"{request.method} {path}: the app is stopping")
        name = ACTOR.get()
        context = self._context.copy()
        context.run(EXCHANGE.set, exchange)
        context.run(ACTOR.set, name)
        work: Coroutine[Any, Any, None] = cycle.run(self._app, scope)
        task = asyncio.get_running_loop().create_task(work, context=context)
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        actor = self._kernel.actors.get(name)
        if actor is not None:
            self._let_leave(actor, cycle, task)
        return task

    def _let_leave(
        self, actor: Actor, cycle: Cycle | Dialogue, task: asyncio.Task[None]
    ) -> None:
        if not actor.leaves:
            return

        def leave() -> None:
            cycle.leave()
            task.cancel()

        def over(_: asyncio.Task[None]) -> None:
            actor.leave = actor.disconnect = actor.task = None

        actor.leave, actor.disconnect, actor.task = leave, cycle.leave, task
        task.add_done_callback(over)


async def _turn(work: Work[None]) -> None:
    gate = running_gate()
    if gate is not None:
        await gate.perform(work)


async def _nothing() -> None:
    """Do nothing."""
