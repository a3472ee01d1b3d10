"""A run of the races exercise."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from harness.checkers.racing import coverage_of_races
from harness.environment.activity import activity, foreign_databases
from harness.errors import HarnessError, Inconclusive, UsageError
from harness.gates import Gates, judge_run
from harness.hosting.boot_watch import BootWatch, Names
from harness.model.event import Exchange, Note, Unseen
from harness.model.finding import merged
from harness.model.history import History
from harness.model.measurement import Measurement
from harness.model.step import Principal, Role, Step
from harness.model.world import Access
from harness.observe.asyncpg import connections_tapped
from harness.observe.beacons import send_beacons
from harness.observe.gates.all import gated
from harness.observe.initialisers import initialisers_tapped
from harness.observe.logs import tap
from harness.observe.reader import LogReader
from harness.observe.resources import resources_tapped
from harness.provisioning.casting import learn_names
from harness.provisioning.people import mint_tenant
from harness.provisioning.stage import simple_readings
from harness.races.drawing import draw_inputs
from harness.races.exploration import Exploration, Explored
from harness.races.hashes import VARIABLE, is_fixed
from harness.races.schedules import IDLE, Grounds, Schedules
from harness.races.shelf import find_scenarios
from harness.run.bytecode import kept_bytecode
from harness.run.directory import RunDirectory
from harness.run.explored import explored, figures
from harness.run.hosts import spec_of
from harness.run.judged import Judged
from harness.run.judgement import check
from harness.run.loading import load_target, with_variant
from harness.run.session import open_scene, server, set_stage
from harness.scheduling.clock import virtual_monotonic
from harness.scheduling.fresh import refuse_running_loop
from harness.scheduling.locks import locks_seen

if TYPE_CHECKING:
    from harness.environment.server import Postgres
    from harness.model.event import Event
    from harness.model.finding import Finding
    from harness.model.result import Result
    from harness.model.world import World
    from harness.observe.asyncpg import Connection
    from harness.observe.resources import Use
    from harness.observe.runs import Call
    from harness.provisioning.stage import Scene, Stage
    from harness.races.scenario import Scenario
    from harness.run.order import Order
    from harness.target.target import Target

_T = TypeVar("_T")
Watching = Callable[[BootWatch], contextlib.AbstractContextManager[None]]

EXERCISE = "races"


def races(
    order: Order, scenarios: Sequence[str] = (), *, only_first: bool = False
) -> Result:
    """Explore in which orders start-up and first use can meet.

    Args:
        order: What was asked for.
        scenarios: Names or files; all that come along if none is named.
        only_first: Whether to stop at the first finding.

    Raises:
        UsageError: An event loop runs here already, or a scenario does not exist.
        HarnessError: The run could not be made, and nothing was proven.
    """
    return explore_target(
        with_variant(
            load_target(order.settings.target, root=order.root), order.settings.variant
        ),
        order,
        find_scenarios(scenarios),
        only_first=only_first,
    )


def explore_target(
    target: Target,
    order: Order,
    scenarios: Sequence[Scenario],
    *,
    only_first: bool = False,
) -> Result:
    """Explore scenarios of a target; see `races`."""
    refuse_running_loop()
    if target.url or target.fresh == "keep":
        raise UsageError(
            "This target's app cannot be run under a schedule.",
            hint="It needs Target.app, and an app whose tenants outlive a restart.",
        )
    with kept_bytecode(), asyncio.Runner() as runner:
        run = _Run(target, order, scenarios, runner, only_first=only_first)
        return run.result()


@dataclass(slots=True)
class _Run:
    """One run, and what it has come to so far."""

    target: Target
    order: Order
    scenarios: Sequence[Scenario]
    runner: asyncio.Runner
    only_first: bool = False
    explored: list[Explored] = field(default_factory=list)
    stage: Stage | None = None
    scene: Scene | None = None

    def result(self) -> Result:
        """Do it, and judge what came of it.

        Raises:
            HarnessError: It could not be done, and nothing was proven.
        """
        settings = self.order.settings
        directory = RunDirectory.make(settings.runs, EXERCISE, keep=settings.keep_runs)
        began = time.perf_counter()
        with self._opened() as (pg, scene, stage, grounds):
            directory.write_world(stage.world)
            for caveat in _caveats(self.target):
                scene.recorder.add(Note("note", caveat))
            try:
                self._explore(grounds)
            except Inconclusive as error:
                scene.recorder.add(Unseen("unseen", error.message, error.hint))
            except HarnessError as error:
                directory.write_history(scene.recorder.since())
                if not self._findings():
                    raise
                text = f"The run ended early: {error.message}"
                scene.recorder.add(Unseen("unseen", text, error.hint))
        directory.write_history(scene.recorder.since())
        judged = self._judged(scene, stage, time.perf_counter() - began)
        result = judged.result(self.order, pg, directory)
        directory.write_report(result)
        return result

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tuple[Postgres | None, Scene, Stage, Grounds]]:
        """Have all that schedules need; the app is down when the block begins."""
        target, order = self.target, self.order
        with ExitStack() as stack:
            clock = stack.enter_context(virtual_monotonic())
            outer = AsyncExitStack()
            stack.callback(lambda: self.runner.run(outer.aclose()))
            pg = self._run(outer.enter_async_context(server(order)))
            opened = outer.enter_async_context(open_scene(target, order, pg))
            scene, state = self._run(opened)
            self.scene = scene
            foreign = self._run(foreign_databases(pg))
            stage = self._run(set_stage(scene, state, order))
            self.stage = stage
            reads = self._run(_readings(scene, stage))
            world = _with_newcomer(scene, stage.world)
            watched = activity(pg, scene.dsn, foreign, patterns=target.databases)
            connections = self._run(outer.enter_async_context(watched))
            self._run(connections.disregard_present())
            locks = stack.enter_context(locks_seen(pg.dsn))
            ways = _ways(target)
            specs = {
                name: spec_of(scene, order, variables)
                for name, variables in ways.items()
            }
            watch = stack.enter_context(_taps(scene, order))
            grounds = Grounds(
                scene=scene,
                catalogue=stage.catalogue,
                world=world,
                reads=reads,
                state=state,
                names=Names(world.tenants),
                activity=connections,
                locks=locks,
                specs=specs,
                outer=self._run,
                watching=watch,
                clock=clock,
                seed=order.settings.seed,
            )
            yield pg, scene, stage, grounds

    def _run(self, work: Awaitable[_T]) -> _T:
        async def awaited() -> _T:
            return await work

        return self.runner.run(awaited())

    def _explore(self, grounds: Grounds) -> None:
        settings = self.order.settings
        exploration = Exploration(
            Schedules(grounds),
            self._judge,
            grounds.scene.recorder,
            variant=settings.variant,
            seed=settings.seed,
            listener=self.order.listener,
            only_first=self.only_first,
        )
        for scenario in self.scenarios:
            missing = self._lacks(scenario)
            if missing:
                text = f"The scenario {scenario.name} is left out: {missing}."
                grounds.scene.recorder.add(Note("note", text))
                continue
            rounds = 1 + settings.schedules // 400
            drawn = draw_inputs(
                rounds,
                tenants=self.order.settings.tenants,
                reads=len(grounds.reads),
                seeded=settings.seed,
            )
            share = max(1, settings.schedules // len(drawn))
            for inputs in drawn:
                done = exploration.explore(scenario, inputs, budget=share)
                self.explored.append(done)
                if done.findings and self.only_first:
                    return

    def _lacks(self, scenario: Scenario) -> str:
        for action in scenario.actions:
            if action not in self.target.actions:
                return f"the target has no action {action!r}"
        for subject in scenario.generations:
            if subject not in self.target.generations:
                return f"the target has no generations of {subject!r}"
        if scenario.idle and not self.target.idle:
            return "the target does not say how its app gives up what nobody uses"
        tenants = self.order.settings.tenants
        if scenario.tenants > tenants:
            return f"it needs {scenario.tenants} tenants, and there are {tenants}"
        return ""

    def _judge(self, events: tuple[Event, ...]) -> list[Finding]:
        assert self.stage is not None  # noqa: S101 - it is set before anything runs
        return check(self.stage.history(events))

    def _findings(self) -> tuple[Finding, ...]:
        found = [one for part in self.explored for one in part.findings]
        return tuple(merged(found))

    def _judged(self, scene: Scene, stage: Stage, seconds: float) -> Judged:
        settings = self.order.settings
        history: History = stage.history(scene.recorder.since())
        findings = self._findings()
        names = [one.name for one in self.scenarios if not self._lacks(one)]
        covered = coverage_of_races(history, scenarios=names)
        summed = explored(self.explored, self.scenarios, history)
        measured = (Measurement("duration", seconds, "s"), *figures(summed))
        gates = Gates(fail_on=settings.fail_on, budgets=settings.budget)
        return Judged(
            exercise=EXERCISE,
            history=history,
            tenants=stage.world.tenants,
            verdict=judge_run(findings, covered, measured, gates=gates),
            findings=findings,
            coverage=covered,
            measurements=measured,
            surroundings={"schedules": str(settings.schedules)},
            explored=summed,
        )


def _caveats(target: Target) -> Iterator[str]:
    """Say what outlives a schedule, or differs from process to process."""
    if not target.reimport:
        yield (
            "Module-level state of the app lives on between schedules: name its "
            "packages in Target.reimport."
        )
    if not is_fixed(os.environ):
        yield (
            "The hashes of this process are its own, so another one may order sets "
            f"otherwise and take other schedules: set {VARIABLE} before Python starts."
        )


def _ways(target: Target) -> Mapping[str, Mapping[str, str]]:
    """Return the ways to start the app, each with the variables that choose it."""
    ways: dict[str, Mapping[str, str]] = {"": {}, **target.strategies}
    if target.idle:
        ways |= {f"{name}{IDLE}": {**ways[name], **target.idle} for name in (*ways,)}
    return ways


def _with_newcomer(scene: Scene, world: World) -> World:
    """Return a world with one tenant more, whom the app does not know yet."""
    index = len(world.tenants)
    newcomer = mint_tenant(scene.key, index, domain=scene.target.domain)
    learn_names(scene, newcomer)
    return replace(
        world,
        tenants=(*world.tenants, newcomer),
        credentials=(*world.credentials, Access()),
    )


async def _readings(scene: Scene, stage: Stage) -> tuple[str, ...]:
    """Return the readings that work for each tenant, and need no object.

    Raises:
        Inconclusive: There is none.
    """
    works: list[str] = []
    mark = scene.recorder.mark
    async with scene.host() as hosted:
        driver = scene.driver(scene.client(hosted), stage.catalogue, stage.world)
        for operation in simple_readings(driver):
            step = Step(operation.key, Principal(0, 0), 0, Role.CONTROL)
            made = await driver.make(step)
            if isinstance(made, Exchange) and made.succeeded and not made.endless:
                works.append(operation.key)
    scene.recorder.forget(mark)
    if not works:
        raise Inconclusive(
            "Nothing was found that a tenant can read without naming an object.",
            hint="Races need a GET that works for each tenant.",
        )
    return tuple(works)


@contextlib.contextmanager
def _taps(scene: Scene, order: Order) -> Iterator[Watching]:
    """Have the app's surroundings, and all that is seen told to the current watch."""
    current: list[BootWatch] = []

    def called(call: Call) -> None:
        for watch in current:
            watch.called(1, call)

    def connected(connection: Connection) -> None:
        for watch in current:
            watch.connected(1, connection)

    def used(use: Use) -> None:
        for watch in current:
            watch.used(1, use)

    @contextlib.contextmanager
    def watching(watch: BootWatch) -> Iterator[None]:
        current.append(watch)
        complain()
        try:
            yield
        finally:
            current.remove(watch)

    with (
        gated(),
        tap(LogReader(scene.recorder)),
        connections_tapped(connected, directory=order.root),
        resources_tapped(used),
        initialisers_tapped(scene.target.initialisers, called) as complain,
    ):
        send_beacons(scene.recorder, scene.key)
        yield watching
