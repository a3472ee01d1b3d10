"""A run of the swarm exercise."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.checkers.load import load_coverage
from harness.errors import HarnessError, Inconclusive, UsageError
from harness.gates import Gates, judge_run
from harness.hosting.port import reserved
from harness.model.budget import Budget
from harness.model.event import Unseen
from harness.model.history import History
from harness.model.load import Tally
from harness.model.measurement import Measurement
from harness.model.progress import Progress
from harness.provisioning.furnishing import furnish
from harness.run.directory import WORLD, RunDirectory
from harness.run.hosts import host_at
from harness.run.judged import Judged
from harness.run.judgement import check
from harness.run.loading import load_target, with_variant
from harness.run.provisioned import provisioned
from harness.run.session import new_key, new_recorder, while_alive
from harness.run.sieve import Sieve
from harness.swarm.exercise import Plan, Swarm
from harness.swarm.figures import measurements
from harness.swarm.locust_options import locust_command, processes, seconds
from harness.swarm.scenario import find_scenario

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from harness.hosting.hosted import Hosted
    from harness.hosting.port import Port
    from harness.model.finding import Finding
    from harness.model.result import Result
    from harness.model.world import World
    from harness.recording.recorder import Recorder
    from harness.run.order import Order
    from harness.run.provisioned import Provisioned
    from harness.swarm.exercise import App
    from harness.swarm.figures import Moments
    from harness.swarm.scenario import Scenario
    from harness.target.target import Target

EXERCISE = "swarm"
SEEDED = 50
"""Of more tenants, only so many own something when a swarm begins."""
FURNISHED = 10
"""Of these, so many get anew in each run what names addresses of the run."""
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
    recorder = new_recorder(new_key(target, order))
    return await _Run(target, order, directory, plan, scenario, recorder).result()


@dataclass(slots=True)
class _Run:
    """One run, and what it has come to so far."""

    target: Target
    order: Order
    directory: RunDirectory
    plan: Plan
    scenario: Scenario
    recorder: Recorder
    made: Provisioned | None = None
    world: World | None = None
    moments: Moments | None = None

    async def result(self) -> Result:
        """Do it, and judge what came of it.

        Raises:
            HarnessError: It could not be done, and nothing was proven.
        """
        began = time.perf_counter()
        try:
            await self._work()
        except Inconclusive as error:
            self.recorder.add(Unseen("unseen", error.message, error.hint))
        except HarnessError as error:
            self.directory.write_history(self.recorder.since())
            if not self._findings():
                raise
            # A proven leak stands, whatever ended the run.
            text = f"The run ended early: {error.message}"
            self.recorder.add(Unseen("unseen", text, error.hint))
        self.directory.write_history(self.recorder.since())
        result = self._judged(time.perf_counter() - began)
        self.directory.write_report(result)
        return result

    @property
    def seeded(self) -> int | None:
        """How many of the first tenants own something; None for all."""
        return SEEDED if self.order.settings.tenants > SEEDED else None

    async def _work(self) -> None:
        async with provisioned(
            self.target,
            self.order,
            tenants=self.order.settings.tenants,
            seeded=self.seeded,
            logins=False,
            requests=True,
            recorder=self.recorder,
        ) as made:
            self.made, self.world = made, made.world
            await while_alive(made.postgres, self._asked(made))

    async def _asked(self, made: Provisioned) -> None:
        """Have users ask, on a world that is there."""
        if self.plan.cold:
            async with made.scene.host() as hosted:
                await self._furnish(made, hosted)
        self.recorder.sift(Sieve())
        with reserved(self.order.settings.port) as port:
            self.moments = await Swarm(
                self.plan,
                self._app(made, port),
                self.recorder,
                self._findings,
                self.order.listener,
            ).run()

    def _app(self, made: Provisioned, port: Port) -> App:
        """Return what starts the app for users who find it by the world's file."""
        hosting = host_at(port, made.scene, self.order)
        if self.target.url or self.target.fresh == "keep":
            hosting = made.scene.host
        if self.plan.cold and self.world is not None:
            self.directory.write_world(replace(self.world, url=port.url))

        @asynccontextmanager
        async def app() -> AsyncIterator[Hosted]:
            async with hosting() as hosted:
                await hosted.send_beacons(made.scene.key)
                # Nobody must come to a cold app before the users do.
                if not self.plan.cold:
                    self.directory.write_world(await self._furnish(made, hosted))
                yield hosted

        return app

    async def _furnish(self, made: Provisioned, hosted: Hosted) -> World:
        """Give the world what users can ask for in this run.

        Raises:
            Inconclusive: There is nothing.
        """
        seeded = None if self.seeded is None else FURNISHED
        world = await furnish(
            made.scene, hosted, made.world, made.catalogue, seeded=seeded
        )
        self.world = world
        count = len(world.requests)
        detail = f"{len(world.tenants)} tenants, {count} operations to ask for"
        self.order.listener(Progress("furnish", 1, 1, detail=detail))
        if not any(not one.endless for one in world.requests):
            message = "No operation of the app worked for its own tenant."
            raise Inconclusive(message, hint="`harness isolation` says what failed.")
        return world

    def _history(self) -> History:
        events = self.recorder.since()
        if self.made is None:
            return History(events)
        return History(
            events,
            fields=dict(self.made.scene.fields.table),
            knows={one.index: one.knows for one in self.made.world.tenants},
            labelled_loggers=frozenset(self.target.labelled_loggers),
        )

    def _findings(self) -> list[Finding]:
        """Return what is proven: nothing is tried again, which chance could explain."""
        return [one for one in check(self._history()) if not one.circumstantial]

    def _judged(self, duration: float) -> Result:
        history, settings, world = self._history(), self.order.settings, self.world
        covered = load_coverage(
            history,
            operations=[one.operation for one in world.requests] if world else (),
            cold=self.plan.cold,
            channels=settings.floor_channels,
            cut=self.moments is not None and self.moments.cut,
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
            surroundings={
                "scenario": self.scenario.name,
                "world": self.made.origin if self.made else "",
            },
        )
        postgres = self.made.postgres if self.made else None
        return judged.result(self.order, postgres, self.directory)
