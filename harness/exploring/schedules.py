"""Schedules: one after another, each on a fresh app and on the same state."""

from __future__ import annotations

import itertools
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, final

from harness.errors import AppFailed, Inconclusive
from harness.exploring.alone import Alone
from harness.exploring.app import GatedApp
from harness.exploring.chance import same_chance
from harness.exploring.failing import raised
from harness.exploring.fleet import Fleet
from harness.exploring.grounds import Grounds, Inputs, way_of
from harness.exploring.noting import Notes, Take, digest_of
from harness.exploring.resting import rest
from harness.exploring.showing import unlike_written
from harness.exploring.stage import Props, Stage
from harness.hosting.boot_watch import BootWatch
from harness.hosting.loading import load
from harness.hosting.surroundings import surroundings
from harness.model.boot import Phase
from harness.model.race import Ending, lifespan_of
from harness.model.tenant import alias
from harness.observe.asyncpg import held_backends
from harness.provisioning.client import Client, never_fails
from harness.provisioning.listeners import Listeners
from harness.scheduling.choice import OneByOne
from harness.scheduling.fresh import clear, gated_loop
from harness.scheduling.kernel import Kernel, Ran

if TYPE_CHECKING:
    from harness.exploring.scenario import Scenario
    from harness.model.holdings import Holding
    from harness.model.world import Access, World
    from harness.provisioning.driver import Driver
    from harness.scheduling.choice import Chooser
    from harness.scheduling.entry import Entry
    from harness.scheduling.loop import GatedLoop


SOLO: Final = "one by one"
"""The strategy by which each request is seen to end without interference."""


@dataclass(frozen=True, slots=True)
class Played:
    """A schedule that was run.

    Attributes:
        number: Of the schedule.
        mark: Position of its first event in the record.
        ran: How it went.
        digest: Of what was taken at each choice.
        asked: Names of the actors that came.
    """

    number: int
    mark: int
    ran: Ran
    digest: str
    asked: tuple[str, ...]


@dataclass(slots=True)
class _Running:
    """One schedule while it runs."""

    notes: Notes
    props: Props
    watch: BootWatch
    kept: Mapping[Holding, int] = field(default_factory=dict)
    stopped: bool = False
    failure: AppFailed | None = None


@final
class Schedules:
    """Runs schedules of scenarios and records each.

    Args:
        grounds: What they have in common.
        compared: Whether each is compared with how it goes if nobody interferes.
    """

    def __init__(self, grounds: Grounds, *, compared: bool = True) -> None:
        self._grounds = grounds
        self._compared = compared
        self._numbers = itertools.count(1)
        self._alone: dict[tuple[str, Inputs], Alone] = {}

    def play(
        self, scenario: Scenario, inputs: Inputs, chooser: Chooser, *, strategy: str
    ) -> Played:
        """Run one schedule; first, if they are compared, one that nobody disturbs.

        Args:
            scenario: What happens.
            inputs: To whom.
            chooser: In which order.
            strategy: What chose the order, for the record.

        Raises:
            AppFailed: The app cannot be loaded, or does not start although nobody
                disturbs it.
            UsageError: The scenario's own code raised.
            Inconclusive: The tenants' logins have expired.
            PostgresError: The database does not answer.
        """
        if self._compared:
            self.alone(scenario, inputs)
        take = Take(scenario, inputs, strategy, next(self._numbers))
        return self._play(take, chooser)

    def alone(self, scenario: Scenario, inputs: Inputs) -> Alone:
        """Tell how a scenario goes where nobody interferes; it is run for it once.

        Also where some requests are left out: others may end otherwise then.

        Raises:
            HarnessError: As `play`.
        """
        key = scenario.name, inputs
        if key not in self._alone:
            take = Take(scenario, inputs, SOLO, next(self._numbers))
            mark = self._grounds.scene.recorder.mark
            try:
                self._play(take, OneByOne())
            finally:
                self._grounds.scene.recorder.forget(mark)
        return self._alone[key]

    def _play(self, take: Take, chooser: Chooser) -> Played:
        grounds, recorder = self._grounds, self._grounds.scene.recorder
        _refuse_expired(grounds.world)
        grounds.outer(grounds.state.restore())
        if grounds.scene.outside is not None:
            grounds.scene.outside.provider.renew()
        mark = recorder.mark
        spec = grounds.specs[way_of(take.scenario, grounds.specs)]
        with (
            grounds.garbage.uncollected(),
            same_chance(grounds.seed),
            surroundings(spec),
            gated_loop() as loop,
        ):
            loop.on_advance = grounds.clock.passes
            grounds.clock.begins()
            try:
                ran, asked = self._run(take, chooser, loop)
            finally:
                grounds.clock.ends()
        return Played(take.number, mark, ran, digest_of(ran), asked)

    def _run(
        self, take: Take, chooser: Chooser, loop: GatedLoop
    ) -> tuple[Ran, tuple[str, ...]]:
        running: list[_Running] = []
        kernel = Kernel(
            loop,
            chooser,
            locks=self._grounds.locks,
            named=self._named,
            told=lambda move: running[0].notes.moved(move, kernel.actors),
            fails=lambda entry: self._fails(running[0], entry),
            faults=take.scenario.faults,
            background=[lifespan_of(n + 1) for n in range(take.scenario.processes)],
        )
        one = self._begin(take, kernel)
        running.append(one)
        with self._grounds.watching(one.watch):
            ran = kernel.run(self._main(one))
            self._note_end(one, ran, held_backends(loop.transports))
            # While it is watched: what is left behind ends now.
            clear(loop)
        return ran, tuple(kernel.actors)

    def _begin(self, take: Take, kernel: Kernel) -> _Running:
        grounds, scene = self._grounds, self._grounds.scene
        known = self._alone.get((take.scenario.name, take.inputs), Alone({}))
        notes = Notes(grounds, take)
        notes.begun(known.statuses, known.kept, known.raising)
        watch = BootWatch(
            take.number,
            scene.recorder,
            key=scene.key,
            names=grounds.names,
            initialisers=scene.target.initialisers,
            activity=grounds.activity,
        )
        way = way_of(take.scenario, grounds.specs)
        return _Running(notes, self._props(take, kernel, way), watch)

    def _props(self, take: Take, kernel: Kernel, way: str) -> Props:
        grounds, scene = self._grounds, self._grounds.scene
        spec, patience = grounds.specs[way], max(1.0, scene.target.shutdown_timeout / 2)
        fleet = Fleet(
            [
                GatedApp(
                    lambda: load(spec),
                    kernel,
                    scene.recorder,
                    process=number,
                    patience=patience,
                )
                for number in range(1, take.scenario.processes + 1)
            ]
        )
        listeners = Listeners(scene.recorder, scene.habits, quiet=0.0)
        credentials = list(grounds.world.credentials)
        clients = [self._client(app) for app in fleet.apps]
        props = Props(
            scene=scene,
            world=grounds.world,
            fleet=fleet,
            kernel=kernel,
            client=clients[0],
            driver=self._driver(clients[0], credentials),
            reads=grounds.asked_for(take.inputs),
            flows=grounds.flows,
            listeners=listeners,
            holder=self._client(fleet.apps[0], listeners),
            schedule=take.number,
            cast=take.inputs.cast,
            skipped=take.inputs.skipped,
            rounds=take.inputs.rounds,
        )
        elsewhere = tuple(
            replace(
                props,
                client=client,
                driver=self._driver(client, credentials),
                holder=self._client(app, listeners),
                process=number,
            )
            for number, (app, client) in enumerate(
                zip(fleet.apps[1:], clients[1:], strict=True), 2
            )
        )
        return replace(props, elsewhere=elsewhere)

    def _client(self, app: GatedApp, listeners: Listeners | None = None) -> Client:
        scene = self._grounds.scene
        return Client(
            app,
            scene.recorder,
            key=scene.key,
            on_server_error=never_fails,
            habits=scene.habits,
            listeners=listeners,
        )

    def _driver(self, client: Client, credentials: list[Access]) -> Driver:
        grounds = self._grounds
        return grounds.scene.driver(
            client, grounds.catalogue, grounds.world, credentials=credentials
        )

    async def _main(self, one: _Running) -> None:
        scenario, fleet = one.notes.take.scenario, one.props.fleet
        kernel = one.props.kernel
        one.notes.lifespan_came()
        fleet.on_phase = lambda phase: self._reached(one, phase)
        for app in fleet.apps:
            app.on_flow = one.notes.flow_ended
            app.on_late = one.notes.raised_late
        stage = Stage(one.props)
        try:
            # What is listened to stays open until the app has stopped.
            async with one.props.listeners:
                if scenario.started:
                    kernel.is_exploring = False
                    await fleet.start()
                    kernel.is_exploring = True
                await scenario(stage)
                await stage.settled()
                kernel.is_exploring = False
                if fleet.is_running:
                    await self._rest(one)
                await fleet.stop()
        except AppFailed as error:
            one.failure = error
            await fleet.drained()
            self._reached(one, Phase.STOPPED)

    async def _rest(self, one: _Running) -> None:
        """Let the app close what nobody needs any more, before it is stopped."""
        take = one.notes.take
        alone = self._alone.get((take.scenario.name, take.inputs), Alone({}))
        one.kept = await rest(one.notes.events, alone.kept)
        one.notes.rested()

    def _reached(self, one: _Running, phase: Phase) -> None:
        if phase is Phase.STOPPED:
            one.stopped = True
        one.notes.reached(phase)

    def _note_end(self, one: _Running, ran: Ran, held: Collection[int]) -> None:
        grounds, take = self._grounds, one.notes.take
        if ran.error is not None:
            error = raised(take.scenario, ran.error, one.notes.deviations)
            raise error from ran.error
        if one.stopped and ran.ending is Ending.ENDED and grounds.activity is not None:
            grounds.outer(one.watch.stopped(held))
        undisturbed = not any(choice.taken for choice in ran.trace)
        if (undisturbed or take.strategy == SOLO) and one.failure is not None:
            raise one.failure
        if take.strategy == SOLO:
            alone = Alone(
                one.notes.statuses(),
                tuple(one.props.refusals),
                tuple(unlike_written(one.notes.events())),
                one.kept,
                one.notes.raising(),
            )
            self._alone[take.scenario.name, take.inputs] = alone
        one.notes.ended(ran, str(one.failure or ""))

    def _named(self, key: str) -> str:
        tenant = self._grounds.names[key]
        return "something" if tenant is None else alias(tenant)

    def _fails(self, one: _Running, entry: Entry) -> frozenset[str]:
        fails = one.props.fails
        if not fails:
            return frozenset()
        return fails.get(one.notes.opening(entry), frozenset())


def _refuse_expired(world: World) -> None:
    now = time.time()
    if any(0 < one.expires_at <= now for one in world.credentials):
        raise Inconclusive(
            "The tenants' logins have expired: from here on the app refuses them.",
            hint="Explore fewer schedules at once, or have logins last longer.",
        )
