"""The app of one schedule: its lifespan and its requests, each in an actor's name."""

from __future__ import annotations

import asyncio
import contextvars
import math
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from harness.errors import AppFailed, UsageError
from harness.hosting.cycle import Cycle
from harness.hosting.dialogue import Dialogue
from harness.hosting.hosted import ConnectionDropped, Request, Response
from harness.hosting.lifespan import Lifespan
from harness.hosting.scopes import http_scope, socket_scope
from harness.model.boot import Phase
from harness.model.canary import CanaryKey
from harness.model.race import FlowEnding, lifespan_of
from harness.observe.beacons import send_beacons
from harness.point import Work, running_gate
from harness.recording.context import EXCHANGE, PROCESS
from harness.scheduling.actors import ACTOR, Actor
from harness.scheduling.choice import STOP

if TYPE_CHECKING:
    from harness.hosting.asgi import App
    from harness.hosting.flow import Conversation, Incoming
    from harness.recording.recorder import Recorder
    from harness.scheduling.kernel import Kernel

_LEAVING: Final = 0.3
"""Seconds, on the schedule's clock, that an app has when a client leaves a stream."""


@dataclass(frozen=True, slots=True)
class _Served:
    """What is being served.

    Attributes:
        cycle: The request, or the socket.
        answered: Is done once it is answered, or its stream or socket has begun.
        exchange: Its id.
    """

    cycle: Cycle | Dialogue
    answered: asyncio.Future[None]
    exchange: int

    @property
    def is_flow(self) -> bool:
        """Whether it may go on after it was answered."""
        return isinstance(self.cycle, Dialogue) or self.cycle.goes_on


@final
class GatedApp:
    """One app under a schedule; implements `harness.hosting.hosted.Hosted`.

    It waits for answers without a deadline: on a virtual clock one would only hide
    that nobody answers.

    Args:
        make: Makes the app; again if it is started again.
        kernel: Decides who goes on.
        recorder: Where beacons are noted.
        process: Which of the app's processes it plays, from 1.
        patience: Seconds, on the schedule's clock, after which streams and sockets are
            cut off where the app stops.

    Attributes:
        name: Of the actor that its lifespan is.
        on_phase: Hears how far the lifespan has come.
        on_flow: Hears how each of these ended, by the id of its exchange.
        on_late: Hears what the app raised once an answer was whole, likewise.
    """

    url = ""

    def __init__(
        self,
        make: Callable[[], App],
        kernel: Kernel,
        recorder: Recorder,
        *,
        process: int = 1,
        patience: float = 5.0,
    ) -> None:
        self.name = lifespan_of(process)
        self._process = process
        self._make = make
        self._app = make()
        self.lifespan = Lifespan(self._app)
        self._kernel = kernel
        self._recorder = recorder
        # As under uvicorn, no request sees what another one, or the lifespan, set.
        self._context = contextvars.copy_context()
        self._context.run(PROCESS.set, process)
        self._patience = patience
        self._serving: dict[asyncio.Task[None], _Served] = {}
        self._is_begun = False
        self._is_started = False
        self._is_stopped = False
        self.on_phase: Callable[[Phase], None] = lambda _: None
        self.on_flow: Callable[[int, FlowEnding], None] = lambda _, __: None
        self.on_late: Callable[[int, str], None] = lambda _, __: None

    @property
    def is_stopped(self) -> bool:
        """Whether it was told to stop, or its start was cancelled."""
        return self._is_stopped

    @property
    def is_running(self) -> bool:
        """Whether it was started, and not stopped again."""
        return self._is_started and not self._is_stopped

    async def start(self, *, leaves: bool = False) -> None:
        """Start the app, as the actor that its lifespan is.

        Args:
            leaves: Whether the start may be cancelled at any moment: schedules try.

        Raises:
            AppFailed: It did not start.
            UsageError: It was started before.
        """
        if self._is_begun:
            raise UsageError(
                "The app of a schedule is started once, and this one was already.",
                hint="Mark the scenario as @scenario(started=False) to start it there.",
            )
        self._is_begun = True
        actor = Actor(self.name, leaves=leaves, about="the app's lifespan")

        async def run() -> None:
            task = self.lifespan.begin()
            if leaves:
                # As the end of the event loop does.
                actor.leave, actor.task = lambda: (task.cancel(), None)[1], task
                self._kernel.actors[self.name] = actor
            await self.lifespan.startup(math.inf)

        await self._phase("startup", run)
        actor.leave = actor.task = None
        if actor.left:
            self._is_stopped = True
            raise AppFailed("The app's start-up was cancelled.")
        self._is_started = True
        self.on_phase(Phase.STARTED)

    async def stop(self) -> None:
        """Let what is being served end, then stop the app.

        As under uvicorn: sockets are closed, streams are not, and the shutdown begins
        when nothing is served any more, or those that go on had their time and were
        cancelled. What is left after the shutdown is cancelled once more.

        Raises:
            AppFailed: It did not stop.
        """
        if self._is_stopped:
            return
        token = ACTOR.set(self.name)
        try:
            await _turn(Work(STOP, "the app", _nothing))
        finally:
            ACTOR.reset(token)
        self._is_stopped = True
        for served in tuple(self._serving.values()):
            if isinstance(served.cycle, Dialogue):
                if not served.answered.done():
                    self.on_flow(served.exchange, FlowEnding.REFUSED)
                served.cycle.stop()
        cut = await self._served_out()
        await self._phase("shutdown", lambda: self.lifespan.shutdown(math.inf))
        await self._cut_off(cut)
        self.on_phase(Phase.STOPPED)

    async def _served_out(self) -> Mapping[asyncio.Task[None], _Served]:
        """Wait for what is being served; return what had to be cancelled."""
        while late := [
            one.answered for one in self._serving.values() if not one.answered.done()
        ]:
            await asyncio.wait(late)
        flows = {task: one for task, one in self._serving.items() if one.is_flow}
        if brief := [task for task in self._serving if task not in flows]:
            await asyncio.wait(brief)
        if flows:
            await asyncio.wait(flows, timeout=self._patience)
        cut = {task: one for task, one in flows.items() if not task.done()}
        for task, one in flows.items():
            if task not in cut:
                self.on_flow(one.exchange, FlowEnding.ENDED)
        for task in cut:
            task.cancel()
        return cut

    async def _cut_off(self, cut: Mapping[asyncio.Task[None], _Served]) -> None:
        """Cancel once more what is still there, as the end of the loop does."""
        if left := [task for task in cut if not task.done()]:
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=_LEAVING)
        for task, one in cut.items():
            ending = FlowEnding.CUT if task.done() else FlowEnding.OUTLIVED
            self.on_flow(one.exchange, ending)
            self._serving.pop(task, None)

    def renew(self) -> None:
        """Have an app that was stopped be one that was not started yet."""
        self._app = self._make()
        self.lifespan = Lifespan(self._app)
        self._is_begun = self._is_started = self._is_stopped = False

    async def _phase(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Begin a phase of the lifespan when it is its turn."""
        token, process = ACTOR.set(self.name), PROCESS.set(self._process)
        try:
            await _turn(Work("lifespan", name, _nothing))
            await run()
        finally:
            PROCESS.reset(process)
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
        await self._serve(request, _Served(cycle, answered, exchange))
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
            await self._left(tasks)

        cycle = Cycle(request, answered, leave)
        served = _Served(cycle, answered, exchange)
        tasks.append(await self._serve(request, served))
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
            await self._left(tasks)

        dialogue = Dialogue(decided, leave)
        served = _Served(dialogue, decided, exchange)
        tasks.append(await self._serve(request, served))
        await decided
        return dialogue.outcome()

    async def _left(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Have the app take leave of a client; one that stops does so by itself."""
        if not self._is_stopped:
            await _ended(tasks)

    async def send_beacons(self, key: CanaryKey) -> None:
        """Put a beacon into each source of log lines."""
        send_beacons(self._recorder, key)

    async def _serve(self, request: Request, served: _Served) -> asyncio.Task[None]:
        """Let a request arrive when it is its turn."""
        path = request.target.partition("?")[0]
        await _turn(Work("arrive", f"{request.method} {path}", _nothing))
        if self._is_stopped or not self._is_started:
            # As under uvicorn, which listens between start-up and shutdown.
            raise ConnectionDropped(f"{request.method} {path}: nobody listens")
        name = ACTOR.get()
        context = self._context.copy()
        context.run(EXCHANGE.set, served.exchange)
        context.run(ACTOR.set, name)
        # The app may have been started again since it was asked.
        scope_of = socket_scope if isinstance(served.cycle, Dialogue) else http_scope
        scope = scope_of(request, self.lifespan.state)
        work: Coroutine[Any, Any, None] = served.cycle.run(self._app, scope)
        task = asyncio.get_running_loop().create_task(work, context=context)
        self._serving[task] = served
        task.add_done_callback(self._over)
        actor = self._kernel.actors.get(name)
        if actor is not None:
            self._let_leave(actor, served.cycle, task)
        return task

    def _over(self, task: asyncio.Task[None]) -> None:
        served = self._serving.pop(task, None)
        if served is not None and isinstance(served.cycle, Cycle) and served.cycle.late:
            self.on_late(served.exchange, served.cycle.late)

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


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait until an app has taken leave of a client, or is cancelled."""
    await asyncio.wait(tasks, timeout=_LEAVING)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=_LEAVING)


async def _turn(work: Work[None]) -> None:
    gate = running_gate()
    if gate is not None:
        await gate.perform(work)


async def _nothing() -> None:
    """Do nothing."""
