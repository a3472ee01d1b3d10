"""A run of the swarm exercise."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.checkers.load import load_coverage
from harness.errors import HarnessError, Inconclusive, UsageError
from harness.gates import Gates, judge_run
from harness.hosting.port import reserved
from harness.model.budget import Budget
from harness.model.event import LogLine, Unseen
from harness.model.history import History
from harness.model.load import Tally
from harness.model.measurement import Measurement
from harness.model.progress import Progress
from harness.provisioning.stage import Stage
from harness.provisioning.worlds import make_world
from harness.run.directory import WORLD, RunDirectory
from harness.run.hosts import host_at
from harness.run.judged import Judged
from harness.run.judgement import check
from harness.run.loading import load_target, with_variant
from harness.run.session import Kept, open_scene, server, while_alive
from harness.swarm.exercise import Plan, Swarm
from harness.swarm.figures import measurements
from harness.swarm.locust_options import locust_command, processes, seconds
from harness.swarm.scenario import find_scenario

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from harness.environment.server import Postgres
    from harness.hosting.hosted import Hosted
    from harness.hosting.port import Port
    from harness.model.event import Event
    from harness.model.finding import Finding
    from harness.model.result import Result
    from harness.model.world import World
    from harness.provisioning.stage import Scene
    from harness.run.order import Order
    from harness.swarm.exercise import App
    from harness.swarm.figures import Moments
    from harness.swarm.scenario import Scenario
    from harness.target.target import Target

EXERCISE = "swarm"
SEEDED = 50
"""Of more tenants, only so many own something when a swarm begins."""
FAILURES = Budget("failures", 1.0, "%")
"""The budget for failures where the user gave none."""


def swarm(
    order: Order, scenario: str, *, cold: bool | None = None, locust: Sequence[str] = ()
) -> Result:
    """Have many users ask an app at once.

    Args:
        order: What was asked for.
        scenario: Name of a scenario, or path of a locustfile.
        cold: Whether users come before the app is started; None for what is usual.
        locust: Options for Locust.

    Raises:
        HarnessError: The run could not be made, and nothing was proven.
    """
    chosen = find_scenario(scenario, cold=cold)
    command = locust_command(
        chosen, locust, tenants=order.settings.tenants, environ=os.environ
    )
    target = load_target(order.settings.target, root=order.root)
    target = with_variant(target, order.settings.variant)
    if chosen.cold and (target.url or target.fresh == "keep"):
        message = f"The scenario {chosen.name} starts the app, which it cannot here."
        hint = "It needs Target.app, and an app whose tenants outlive a restart."
        raise UsageError(message, hint=hint)
    order = order.changed(hosting="served")
    return asyncio.run(_swarm(target, order, chosen, command, locust))


async def _swarm(
    target: Target,
    order: Order,
    scenario: Scenario,
    command: tuple[str, ...],
    locust: Sequence[str],
) -> Result:
    async with AsyncExitStack() as stack:
        pg = None
        if target.app:
            pg = await stack.enter_async_context(server(order))
        directory = RunDirectory.make(
            order.settings.runs, EXERCISE, keep=order.settings.keep_runs
        )
        plan = Plan(
            command=command,
            world=(directory.path / WORLD).resolve(),
            directory=directory.path,
            processes=processes(locust),
            seconds=seconds(locust, os.environ),
            cold=scenario.cold,
        )
        scene, _ = await stack.enter_async_context(
            open_scene(target, order, pg, fresh=False)
        )
        return await _Run(scene, order, directory, plan, scenario).result(pg)


@dataclass(slots=True)
class _Run:
    """One run, and what it has come to so far."""

    scene: Scene
    order: Order
    directory: RunDirectory
    plan: Plan
    scenario: Scenario
    stage: Stage | None = None
    moments: Moments | None = None

    async def result(self, pg: Postgres | None) -> Result:
        """Do it, and judge what came of it.

        Raises:
            HarnessError: It could not be done, and nothing was proven.
        """
        began = time.perf_counter()
        recorder = self.scene.recorder
        try:
            await while_alive(pg, self._work())
        except Inconclusive as error:
            recorder.add(Unseen("unseen", error.message, error.hint))
        except HarnessError as error:
            self.directory.write_history(recorder.since())
            if not self._findings():
                raise
            # A proven leak stands, whatever ended the run.
            text = f"The run ended early: {error.message}"
            recorder.add(Unseen("unseen", text, error.hint))
        self.directory.write_history(recorder.since())
        result = self._judged(time.perf_counter() - began, pg)
        self.directory.write_report(result)
        return result

    async def _work(self) -> None:
        settings, listener = self.order.settings, self.order.listener
        listener(Progress("provision", detail="making tenants"))
        world, catalogue = await make_world(
            self.scene,
            tenants=settings.tenants,
            seed=settings.seed,
            seeded=SEEDED if settings.tenants > SEEDED else None,
            requests=True,
        )
        count = len(world.requests)
        detail = f"{len(world.tenants)} tenants, {count} operations to ask for"
        listener(Progress("provision", 1, 1, detail=detail))
        self.stage = Stage(self.scene, catalogue, world, Kept())
        if not world.requests:
            message = "No operation of the app worked for its own tenant."
            raise Inconclusive(message, hint="`harness isolation` says what failed.")
        # Under load there is too much to keep; without a canary a line tells nothing.
        self.scene.recorder.sift(_tells)
        with reserved(settings.port) as port:
            self.moments = await Swarm(
                self.plan,
                self._app(self.stage, port),
                self.scene.recorder,
                self._findings,
                listener,
            ).run()

    def _app(self, stage: Stage, port: Port) -> App:
        """Return what starts the app for users who find it by the world's file."""
        hosting = host_at(port, self.scene, self.order)
        if self.scene.target.url or self.scene.target.fresh == "keep":
            hosting = self.scene.host
        if self.plan.cold:
            self._write(replace(stage.world, url=port.url))

        @asynccontextmanager
        async def app() -> AsyncIterator[Hosted]:
            async with hosting() as hosted:
                if self.plan.cold:
                    # Nobody must come before the users do.
                    await hosted.send_beacons(self.scene.key)
                else:
                    world = await stage.enter(hosted)
                    self._write(replace(world, url=hosted.url))
                yield hosted

        return app

    def _write(self, world: World) -> None:
        self.directory.write_world(world)

    def _history(self) -> History:
        events = self.scene.recorder.since()
        if self.stage is not None:
            return self.stage.history(events)
        return History(events, fields=dict(self.scene.fields.table))

    def _findings(self) -> list[Finding]:
        """Return what is proven: nothing is tried again, which chance could explain."""
        return [one for one in check(self._history()) if not one.circumstantial]

    def _judged(self, duration: float, pg: Postgres | None) -> Result:
        history, settings = self._history(), self.order.settings
        world = self.stage.world if self.stage else None
        covered = load_coverage(
            history,
            operations=[one.operation for one in world.requests] if world else (),
            cold=self.plan.cold,
            channels=settings.floor_channels,
        )
        figures = [Measurement("duration", duration, "s")]
        if self.moments:
            figures += measurements(history.of(Tally), self.moments)
        budgets = settings.budget
        if not any(one.name == FAILURES.name for one in budgets):
            budgets = (*budgets, FAILURES)
        gates = Gates(fail_on=settings.fail_on, budgets=budgets)
        findings = tuple(self._findings())
        judged = Judged(
            exercise=EXERCISE,
            history=history,
            tenants=world.tenants if world else (),
            verdict=judge_run(findings, covered, figures, gates=gates),
            findings=findings,
            coverage=covered,
            measurements=tuple(figures),
            surroundings={"scenario": self.scenario.name},
        )
        return judged.result(self.order, pg, self.directory)


def _tells(event: Event) -> bool:
    """Whether an event can matter to a checker."""
    return not isinstance(event, LogLine) or bool(event.hits)
