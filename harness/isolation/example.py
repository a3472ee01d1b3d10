"""An example of the state machine: a fresh app, driven from Hypothesis' thread."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from harness.isolation.scripts import Judge
    from harness.model.finding import Finding
    from harness.model.step import Step
    from harness.provisioning.driver import Driver, Taken
    from harness.provisioning.stage import Stage

T = TypeVar("T")


class Leak(BaseException):
    """An example showed something new; ends Hypothesis' search at once.

    Args:
        findings: What.
        trail: The steps of the example.
    """

    def __init__(self, findings: list[Finding], trail: list[Taken]) -> None:
        super().__init__(findings[0].summary)
        self.findings = findings
        self.trail = trail


class Broken(BaseException):
    """Something failed that says nothing of the app; carried past Hypothesis.

    Args:
        error: What failed.
    """

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


class Stopped(BaseException):
    """The run is being cancelled; Hypothesis lets this through."""


Done = asyncio.Future[None]


class Example:
    """One example: a fresh app, its steps, and what they show.

    The app is started, driven and stopped in one task, as context managers need.

    Args:
        stage: Boots the app.
        judge: Tells what the steps showed.
        known: Fingerprints that are found already.
    """

    def __init__(self, stage: Stage, judge: Judge, known: set[str]) -> None:
        self._stage = stage
        self._judge = judge
        self._known = known
        self._mark = stage.recorder.mark
        self._steps: asyncio.Queue[tuple[Step, Done] | None] = asyncio.Queue()
        self._pending: Done | None = None
        self._ready: Done = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._live())

    async def _live(self) -> None:
        try:
            async with self._stage.boot() as driver:
                self._ready.set_result(None)
                while (item := await self._steps.get()) is not None:
                    await self._take(driver, *item)
        finally:
            if self._pending is not None and not self._pending.done():
                self._pending.set_exception(Stopped())

    async def _take(self, driver: Driver, step: Step, done: Done) -> None:
        try:
            await driver.make(step)
            fresh = self._news()
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            done.set_exception(error)
        else:
            if fresh:
                done.set_exception(Leak(fresh, list(driver.trail)))
            else:
                done.set_result(None)

    def _news(self) -> list[Finding]:
        history = self._stage.history(self._stage.recorder.since(self._mark))
        return [
            finding
            for finding in self._judge(history)
            if finding.fingerprint not in self._known
        ]

    async def ready(self) -> None:
        """Wait until the app runs."""
        waiting: set[asyncio.Future[None]] = {self._task, self._ready}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            self._task.result()

    async def step(self, step: Step) -> None:
        """Make a step.

        Raises:
            Leak: It showed something new.
        """
        if self._task.done():
            raise Stopped
        done: Done = asyncio.get_running_loop().create_future()
        self._pending = done
        await self._steps.put((step, done))
        await done

    async def close(self) -> None:
        """Stop the app."""
        await self._steps.put(None)
        await self._task

    async def abort(self) -> None:
        """Stop the app, whatever it is doing."""
        self._task.cancel()
        await asyncio.wait({self._task})


class Bridge:
    """Lets Hypothesis' thread await what runs in the event loop.

    Args:
        loop: The event loop.
        open_example: Starts an example.
        began: Called when one begins.

    Attributes:
        leak: What the latest search came upon.
        broken: What failed, and ended it.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        open_example: Callable[[], Example],
        began: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._open_example = open_example
        self._began = began
        self._example: Example | None = None
        self._stopped = False
        self.leak: Leak | None = None
        self.broken: Broken | None = None

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the loop and return what it returns."""
        if self._stopped:
            coroutine.close()
            raise Stopped
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except Leak as leak:
            self.leak = leak
            raise
        except concurrent.futures.CancelledError as error:
            raise Stopped from error
        except Exception as error:
            self.broken = Broken(error)
            raise self.broken from error

    def open(self) -> Example:
        """Start an example and wait until its app runs."""
        self._began()
        return self.call(self._opened())

    async def _opened(self) -> Example:
        if self._stopped:
            raise Stopped
        self._example = self._open_example()
        await self._example.ready()
        return self._example

    async def stop(self) -> None:
        """End the running example, and refuse further ones."""
        self._stopped = True
        if self._example is not None:
            await self._example.abort()
