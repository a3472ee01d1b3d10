"""The exercise: has Locust ask an app, and follows what comes of it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.errors import AppFailed, Inconclusive, UsageError
from harness.hosting.served import Served
from harness.model.event import Egress, Exchange, Unseen
from harness.model.load import Beat
from harness.model.progress import Progress
from harness.swarm.figures import Moments
from harness.swarm.generator import GRACE, generator
from harness.swarm.journals import Journals
from harness.swarm.locust_options import meeting_place
from harness.swarm.variables import JOURNALS, WORLD

if TYPE_CHECKING:
    from harness.hosting.hosted import Hosted
    from harness.model.event import Event
    from harness.model.finding import Finding
    from harness.model.progress import Listener
    from harness.recording.recorder import Recorder
    from harness.swarm.generator import Generator

App = Callable[[], AbstractAsyncContextManager["Hosted"]]
Judge = Callable[[], "Sequence[Finding]"]

TICK: Final = 0.25
"""Seconds between two looks at the journals."""
ARRIVAL: Final = 60.0
"""Seconds in which the first user must have come, before a cold start begins."""
OVERTIME: Final = 60.0
"""Seconds that Locust may take longer than it was told, to begin and to end."""
PHASE: Final = "swarm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a swarm is to do.

    Attributes:
        command: Starts Locust.
        world: Path of ``world.json``.
        directory: Where journals and Locust's log go.
        processes: How many workers there will be.
        seconds: How long Locust was told to run; 0 if nobody knows.
        cold: Whether users come before the app is started.
    """

    command: tuple[str, ...]
    world: Path
    directory: Path
    processes: int
    seconds: float
    cold: bool


class Swarm:
    """Runs one swarm.

    Args:
        plan: What to do.
        app: Starts the app, and writes the world that it then serves.
        recorder: Takes what workers tell.
        judge: Says what the history so far proves.
        listener: Hears of progress.
    """

    def __init__(
        self,
        plan: Plan,
        app: App,
        recorder: Recorder,
        judge: Judge,
        listener: Listener,
    ) -> None:
        self._plan = plan
        self._app = app
        self._recorder = recorder
        self._judge = judge
        self._listener = listener
        self._journals = Journals(plan.directory)
        self._beats: dict[str, Beat] = {}
        self._first: dict[str, Beat] = {}
        self._leaked = False
        self._mark = recorder.mark
        self._spawned = self._ready = 0.0

    async def run(self) -> Moments:
        """Run it to its end, which a leak or the app's death brings at once.

        Raises:
            UsageError: Locust cannot run the scenario.
            Inconclusive: Locust was ended before it asked anything.
            AppFailed: The app did not start, or died.
        """
        environment = {WORLD: str(self._plan.world), JOURNALS: self._directory}
        log = self._plan.directory / "locust.log"
        meeting = meeting_place(self._plan.command, environ=os.environ)
        command = (*self._plan.command, *meeting)
        locust = generator(command, environment=environment, log=log)
        if self._plan.cold:
            async with locust as running:
                await self._arrivals(running)
                self._spawned = time.monotonic()
                async with self._app() as hosted:
                    self._ready = time.monotonic()
                    await self._follow(running, hosted)
        else:
            async with self._app() as hosted, locust as running:
                await self._follow(running, hosted)
        self._check_end(running)
        return self._moments()

    @property
    def _directory(self) -> str:
        return str(self._plan.directory.resolve())

    async def _arrivals(self, running: Generator) -> None:
        """Wait until the first user was refused, so that all else comes later."""
        self._listener(Progress(PHASE, detail="users arrive before the app"))
        deadline = time.monotonic() + ARRIVAL
        while not any(beat.refused for beat in self._beats.values()):
            if running.ended.is_set() or time.monotonic() > deadline:
                raise self._not_run(running)
            await _either(running.ended, TICK / 5)
            self._read()

    async def _follow(self, running: Generator, hosted: Hosted) -> None:
        """Take in what workers tell until Locust is gone."""
        death = asyncio.create_task(_death(hosted))
        limit = self._plan.seconds + OVERTIME if self._plan.seconds else float("inf")
        deadline = time.monotonic() + limit
        stopped = 0.0
        try:
            while not running.ended.is_set():
                await _either(running.ended, TICK, death)
                self._read()
                if death.done():
                    raise death.result()
                now = time.monotonic()
                if not stopped and (self._leaked or now > deadline):
                    stopped = now
                    running.stop()
                if stopped and now > stopped + GRACE:
                    running.kill()
            self._read()
        finally:
            death.cancel()
            await asyncio.wait({death})

    def _read(self) -> None:
        """Take in what workers have written, and judge it if it may be a leak."""
        suspect = self._sent_out()
        for event in self._journals.news():
            suspect = self._take(event) or suspect
        if suspect and not self._leaked:
            found = self._judge()
            self._leaked = bool(found)
            for one in found[:1]:
                self._listener(Progress(PHASE, finding=one.summary))
        self._tell()

    def _sent_out(self) -> bool:
        """Whether the app has sent something to the outside since the last time."""
        mark, self._mark = self._mark, self._recorder.mark
        return any(isinstance(one, Egress) for one in self._recorder.since(mark))

    def _take(self, event: Event) -> bool:
        """Record an event; say whether it may show a leak."""
        if isinstance(event, Exchange):
            recorder = self._recorder
            id_, at = recorder.next_exchange(), recorder.now()
            recorder.add(replace(event, id=id_, at=at))
            return True
        self._recorder.add(event)
        if isinstance(event, Beat):
            self._beats[event.worker] = event
            self._first.setdefault(event.worker, event)
        return False

    def _tell(self) -> None:
        beats = tuple(self._beats.values())
        if not beats:
            return
        began = min(beat.at for beat in self._first.values())
        passed = max(beat.at for beat in beats) - began
        requests = sum(beat.requests for beat in beats)
        failures = sum(beat.failures for beat in beats)
        users = sum(beat.users for beat in beats)
        rate = f", {requests / passed:,.0f}/s" if passed > 1 else ""
        detail = f"{users} users, {requests:,} requests{rate}, {failures:,} failed"
        if not requests:
            refused = sum(beat.refused for beat in beats)
            waiting = f", refused {refused:,} times: not yet there" if refused else ""
            detail = f"{users} users{waiting}"
        total = int(self._plan.seconds)
        done = min(int(passed), total) if total else int(passed)
        self._listener(Progress(PHASE, done, total, detail=detail))

    def _check_end(self, running: Generator) -> None:
        """Say what was lost, if Locust did not end as it should.

        Raises:
            UsageError: It could not use what it got, and asked nothing.
            Inconclusive: It was ended before it asked anything.
        """
        if self._leaked:
            return  # whoever did not end in time was told to end at once
        if not self._beats:
            raise self._not_run(running)
        if len(self._beats) < self._plan.processes:
            missing = self._plan.processes - len(self._beats)
            reason = f"{missing} of {self._plan.processes} workers never reported"
            self._recorder.add(Unseen("unseen", "the generator", reason))
        code = running.code
        if code in {0, 1}:
            return
        reason = f"Locust {_ending(code)}"
        self._recorder.add(Unseen("unseen", "the generator", reason))

    def _moments(self) -> Moments:
        return Moments(
            spawned=self._spawned,
            ready=self._ready,
            began=min(beat.at for beat in self._first.values()),
            ended=max(beat.at for beat in self._beats.values()),
            cut=self._leaked,
        )

    def _not_run(self, running: Generator) -> UsageError | Inconclusive:
        """Return why nobody asked: Locust was ended, or could not use what it got."""
        tail = "\n".join(f"  {line}" for line in running.tail())
        hint = f"The last lines of what it said:\n{tail}" if tail else ""
        if running.lost:
            how = _ending(running.code)
            return Inconclusive(f"Locust {how} before it asked anything.", hint=hint)
        if self._journals.begun:
            message = "All workers of Locust were lost before they asked anything."
            return Inconclusive(message, hint=hint)
        return UsageError("Locust did not run the scenario.", hint=hint)


def _ending(code: int | None) -> str:
    if code is None:
        return "was killed"
    if code < 0:
        return f"was ended by signal {-code}"
    return f"ended with exit code {code}"


async def _death(hosted: Hosted) -> AppFailed:
    """Return why the app is gone, once it is; never for one that we did not start."""
    if isinstance(hosted, Served):
        return await hosted.gone()
    await asyncio.Event().wait()
    raise AssertionError


async def _either(
    ended: asyncio.Event, timeout: float, other: asyncio.Task[AppFailed] | None = None
) -> None:
    """Wait until something has ended, at most `timeout` seconds."""
    waiter = asyncio.create_task(ended.wait())
    waited: set[asyncio.Task[object]] = {waiter, *((other,) if other else ())}
    try:
        await asyncio.wait(waited, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiter.cancel()
