"""The app in this process: no sockets, no copies, the taps beside it."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final, final

from harness.errors import AppFailed
from harness.hosting.asgi import App
from harness.hosting.cycle import Cycle
from harness.hosting.deadline import Overdue, blocking_deadline
from harness.hosting.dialogue import Dialogue
from harness.hosting.failure import with_tail
from harness.hosting.flow import Conversation, Incoming
from harness.hosting.hosted import Hosted, Request, Response
from harness.hosting.lifespan import Lifespan
from harness.hosting.loading import load
from harness.hosting.scopes import http_scope, socket_scope
from harness.hosting.surroundings import surroundings
from harness.model.canary import CanaryKey
from harness.observe.beacons import send_beacons
from harness.observe.logs import tap
from harness.observe.reader import LogReader
from harness.recording.context import EXCHANGE
from harness.recording.recorder import Recorder
from harness.target.app import AppSpec

SETTLE: Final = 1.0
"""Seconds that `send` waits for what an app does after it answered."""
_GRACE: Final = 1.0
_LEAVING: Final = 0.3


@asynccontextmanager
async def in_process(spec: AppSpec, recorder: Recorder) -> AsyncIterator[Hosted]:
    """Run an app here, from import to shutdown, with its log tapped.

    Args:
        spec: The app.
        recorder: Gets an event for each line that the app logs or prints.

    Raises:
        TargetError: The import string points to nothing that can be served.
        AppFailed: The app did not start or stop, or took too long.
    """
    reader = LogReader(recorder)
    # As under uvicorn, no request sees what another one, or the lifespan, set.
    context = contextvars.copy_context()
    with surroundings(spec), tap(reader):
        try:
            app, lifespan = await _start(spec)
        except AppFailed as error:
            raise with_tail(error, reader.tail()) from error
        hosted = InProcess(app, lifespan.state, context, recorder)
        try:
            yield hosted
        except BaseException as error:
            # What ended the run outranks how the app took it.
            try:
                await _stop(hosted, lifespan, spec.shutdown_timeout)
            except AppFailed as late:
                error.add_note(str(late))
            raise
        try:
            await _stop(hosted, lifespan, spec.shutdown_timeout)
        except AppFailed as error:
            raise with_tail(error, reader.tail()) from error


async def _start(spec: AppSpec) -> tuple[App, Lifespan]:
    try:
        with blocking_deadline(spec.startup_timeout + _GRACE):
            app = load(spec)
            lifespan = Lifespan(app)
            await lifespan.startup(spec.startup_timeout)
    except Overdue:
        raise AppFailed(
            f"The app's import or start-up blocked for {spec.startup_timeout:g} s.",
            hint="It waits for something without a deadline of its own.",
        ) from None
    return app, lifespan


async def _stop(hosted: InProcess, lifespan: Lifespan, timeout: float) -> None:
    try:
        with blocking_deadline(timeout + 2 * SETTLE + _GRACE):
            await hosted.close()
            await lifespan.shutdown(timeout)
    except Overdue:
        raise AppFailed(f"The app's shutdown blocked for {timeout:g} s.") from None


@final
class InProcess:
    """An app that is called directly; made by `in_process`."""

    def __init__(
        self,
        app: App,
        state: dict[str, Any],
        context: contextvars.Context,
        recorder: Recorder,
    ) -> None:
        self._app = app
        self._state = state
        self._context = context
        self._recorder = recorder
        self._lingering: dict[asyncio.Task[None], Cycle | Dialogue] = {}

    @property
    def url(self) -> str:
        return ""

    async def send(
        self, request: Request, *, exchange: int = 0, timeout: float = 30.0
    ) -> Response:
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        cycle = Cycle(request, answered)
        task = self._start(
            cycle.run(self._app, http_scope(request, self._state)), exchange
        )
        await self._answered(answered, cycle, task, timeout)
        return cycle.response()

    async def open(
        self, request: Request, *, exchange: int = 0, timeout: float = 30.0
    ) -> Response | Incoming:
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def leave() -> None:
            cycle.leave()
            await self._end(task)

        cycle = Cycle(request, answered, leave)
        task = self._start(
            cycle.run(self._app, http_scope(request, self._state)), exchange
        )
        await self._answered(answered, cycle, task, timeout)
        return cycle.incoming or cycle.response()

    async def connect(
        self, request: Request, *, exchange: int = 0, timeout: float = 30.0
    ) -> Response | Conversation:
        decided: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def leave() -> None:
            dialogue.leave()
            await self._end(task)

        dialogue = Dialogue(decided, leave)
        task = self._start(
            dialogue.run(self._app, socket_scope(request, self._state)), exchange
        )
        await self._answered(decided, dialogue, task, timeout)
        return dialogue.outcome()

    def _start(
        self, work: Coroutine[Any, Any, None], exchange: int
    ) -> asyncio.Task[None]:
        """Run what serves a request.

        A task of its own: apps tie sessions and time-outs to the current one, and a
        shared one would tie the requests of two tenants together.
        """
        context = self._context.copy()
        context.run(EXCHANGE.set, exchange)
        return asyncio.get_running_loop().create_task(work, context=context)

    async def _answered(
        self,
        answered: asyncio.Future[None],
        cycle: Cycle | Dialogue,
        task: asyncio.Task[None],
        timeout: float,
    ) -> None:
        """Wait for an answer, and for what the app does once it is whole."""
        loop = asyncio.get_running_loop()
        alarm = loop.call_later(timeout, _expire, answered)
        try:
            await answered
        except BaseException:
            cycle.leave()
            self._keep(task, cycle)
            raise
        finally:
            alarm.cancel()
        if not task.done() and cycle.goes_on:
            self._keep(task, cycle)
        elif not task.done():
            # It closes sessions, or runs background tasks.
            await asyncio.wait((task,), timeout=SETTLE)
            if not task.done():
                self._keep(task, cycle)

    async def _end(self, task: asyncio.Task[None]) -> None:
        """Let an app take leave of a client that went away."""
        if not task.done():
            await asyncio.wait((task,), timeout=_LEAVING)
        if not task.done():
            task.cancel()
            await asyncio.wait((task,), timeout=SETTLE)

    async def send_beacons(self, key: CanaryKey) -> None:
        send_beacons(self._recorder, key)

    async def close(self) -> None:
        """Give requests that still run a moment, then cancel them."""
        if not self._lingering:
            return
        await asyncio.wait(self._lingering, timeout=SETTLE)
        for task, cycle in tuple(self._lingering.items()):
            cycle.leave()
            task.cancel()
        if self._lingering:
            await asyncio.wait(self._lingering, timeout=SETTLE)

    def _keep(self, task: asyncio.Task[None], cycle: Cycle | Dialogue) -> None:
        self._lingering[task] = cycle
        task.add_done_callback(self._drop)

    def _drop(self, task: asyncio.Task[None]) -> None:
        self._lingering.pop(task, None)


def _expire(answered: asyncio.Future[None]) -> None:
    if not answered.done():
        answered.set_exception(TimeoutError("The app did not answer in time."))
