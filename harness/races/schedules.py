"""Schedules: one after another, each on a fresh app and on the same state."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, final

from harness.errors import AppFailed, Inconclusive
from harness.hosting.boot_watch import BootWatch
from harness.hosting.loading import load
from harness.hosting.surroundings import surroundings
from harness.model.boot import Boot, Phase, Reached, Watching
from harness.model.event import Exchange
from harness.model.masking import masked
from harness.model.race import (
    ActorCame,
    ActorRole,
    Deviation,
    Ending,
    Expected,
    Moved,
    Scheduled,
    ScheduleEnded,
)
from harness.model.tenant import alias
from harness.provisioning.client import Client, never_fails
from harness.races.app import LIFESPAN, GatedApp
from harness.races.chance import same_chance
from harness.races.failing import raised
from harness.races.grounds import Grounds, Inputs, way_of
from harness.races.stage import Props, Stage
from harness.scheduling.choice import OneByOne, schedule_of
from harness.scheduling.fresh import clear, gated_loop
from harness.scheduling.kernel import CLOCK, Kernel, Move, Ran

if TYPE_CHECKING:
    from harness.model.world import World
    from harness.races.scenario import Scenario
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


@dataclass(frozen=True, slots=True)
class Alone:
    """How a scenario goes where one request is served after the other.

    Attributes:
        statuses: Of each request, by actor.
        refusals: Why what an operator did was refused.
    """

    statuses: Mapping[str, int]
    refusals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Take:
    """One schedule that is to be run.

    Attributes:
        scenario: What happens.
        inputs: To whom.
        strategy: What chooses the order, for the record.
        number: Of the schedule.
    """

    scenario: Scenario
    inputs: Inputs
    strategy: str
    number: int


@dataclass(slots=True)
class _Running:
    """One schedule while it runs."""

    take: Take
    props: Props
    watch: BootWatch
    stopped: bool = False
    failure: AppFailed | None = None
    moves: list[Move] = field(default_factory=list)


@final
class Schedules:
    """Runs schedules of scenarios and records each.

    Args:
        grounds: What they have in common.
    """

    def __init__(self, grounds: Grounds) -> None:
        self._grounds = grounds
        self._numbers = itertools.count(1)
        self._alone: dict[tuple[str, Inputs], Alone] = {}

    def play(
        self, scenario: Scenario, inputs: Inputs, chooser: Chooser, *, strategy: str
    ) -> Played:
        """Run one schedule, and before it, once, one in which nobody interferes.

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
        with same_chance(grounds.seed), surroundings(spec), gated_loop() as loop:
            loop.on_advance = grounds.clock.passes
            try:
                ran, asked = self._run(take, chooser, loop)
            finally:
                grounds.clock.ends()
        return Played(take.number, mark, ran, _digest(ran), asked)

    def _run(
        self, take: Take, chooser: Chooser, loop: GatedLoop
    ) -> tuple[Ran, tuple[str, ...]]:
        running: list[_Running] = []
        kernel = Kernel(
            loop,
            chooser,
            locks=self._grounds.locks,
            named=self._named,
            told=lambda move: self._moved(running[0], move),
            fails=lambda entry: self._fails(running[0], entry),
            faults=take.scenario.faults,
        )
        one = self._begin(take, kernel)
        running.append(one)
        with self._grounds.watching(one.watch):
            ran = kernel.run(self._main(one))
            self._note_end(one, ran)
            # While it is watched: what is left behind ends now.
            clear(loop)
        return ran, tuple(kernel.actors)

    def _begin(self, take: Take, kernel: Kernel) -> _Running:
        grounds, scene = self._grounds, self._grounds.scene
        recorder, scenario, number = scene.recorder, take.scenario, take.number
        way = way_of(scenario, grounds.specs)
        # The last one is not there yet.
        tenants, now = len(grounds.world.tenants) - 1, recorder.now()
        recorder.add(Boot("boot", now, number, way, tenants, 1, 1))
        faults = scenario.faults > 0
        recorder.add(
            Scheduled(
                kind="scheduled",
                at=now,
                schedule=number,
                scenario=scenario.name,
                strategy=take.strategy,
                faults=faults,
                ready=scene.target.ready,
            )
        )
        for one in scene.target.initialisers:
            recorder.add(Watching("watching", one.function, one.awaited, one.again))
        known = self._alone.get((scenario.name, take.inputs))
        for actor, status in (known.statuses if known else {}).items():
            recorder.add(Expected("expected", number, actor, status))
        watch = BootWatch(
            number,
            recorder,
            key=scene.key,
            names=grounds.names,
            initialisers=scene.target.initialisers,
            activity=grounds.activity,
        )
        return _Running(take, self._props(take, kernel, way), watch)

    def _props(self, take: Take, kernel: Kernel, way: str) -> Props:
        grounds, scene = self._grounds, self._grounds.scene
        spec = grounds.specs[way]
        app = GatedApp(lambda: load(spec), kernel, scene.recorder)
        client = Client(
            app,
            scene.recorder,
            key=scene.key,
            on_server_error=never_fails,
            habits=scene.habits,
        )
        first = take.inputs.reads % max(1, len(grounds.reads))
        return Props(
            scene=scene,
            world=grounds.world,
            app=app,
            kernel=kernel,
            client=client,
            driver=scene.driver(client, grounds.catalogue, grounds.world),
            reads=grounds.reads[first:] + grounds.reads[:first],
            schedule=take.number,
            cast=take.inputs.cast,
            skipped=take.inputs.skipped,
        )

    async def _main(self, one: _Running) -> None:
        scenario = one.take.scenario
        recorder, app = self._grounds.scene.recorder, one.props.app
        kernel = one.props.kernel
        recorder.add(
            ActorCame(
                "actor",
                recorder.now(),
                one.take.number,
                LIFESPAN,
                ActorRole.LIFESPAN,
                None,
                0,
                "the app's lifespan",
            )
        )
        app.on_phase = lambda phase: self._reached(one, phase)
        stage = Stage(one.props)
        try:
            if scenario.started:
                kernel.is_exploring = False
                await app.start()
                kernel.is_exploring = True
            await scenario(stage)
            await stage.settled()
            kernel.is_exploring = False
            await app.stop()
        except AppFailed as error:
            one.failure = error
            await app.drained()
            self._reached(one, Phase.STOPPED)

    def _reached(self, one: _Running, phase: Phase) -> None:
        recorder = self._grounds.scene.recorder
        if phase is Phase.STOPPED:
            one.stopped = True
        recorder.add(Reached("reached", recorder.now(), one.take.number, 1, phase))

    def _note_end(self, one: _Running, ran: Ran) -> None:
        grounds, recorder = self._grounds, self._grounds.scene.recorder
        key = (one.take.scenario.name, one.take.inputs)
        deviations = tuple(_deviations(one.moves))
        if ran.error is not None:
            raise raised(one.take.scenario, ran.error, deviations) from ran.error
        if one.stopped and ran.ending is Ending.ENDED and grounds.activity is not None:
            grounds.outer(one.watch.stopped())
        undisturbed = not any(choice.taken for choice in ran.trace)
        if (undisturbed or one.take.strategy == SOLO) and one.failure is not None:
            raise one.failure
        if one.take.strategy == SOLO:
            refusals = tuple(one.props.refusals)
            self._alone[key] = Alone(self._statuses(one), refusals)
        recorder.add(
            ScheduleEnded(
                kind="schedule ended",
                at=recorder.now(),
                schedule=one.take.number,
                ending=ran.ending,
                waiting=ran.waiting,
                deviations=deviations,
                choices=len(ran.trace),
                operations=ran.operations,
                uncontrolled=ran.uncontrolled,
                digest=_digest(ran),
                failure=self._masked(str(one.failure or "")),
            )
        )

    def _statuses(self, one: _Running) -> Mapping[str, int]:
        events = self._grounds.scene.recorder.since()
        actors = {
            event.exchange: event.actor
            for event in events
            if isinstance(event, ActorCame) and event.schedule == one.take.number
        }
        return {
            actors[event.id]: event.status
            for event in events
            if isinstance(event, Exchange) and event.id in actors
        }

    def _moved(self, one: _Running, move: Move) -> None:
        scene, operation = self._grounds.scene, move.operation
        if move.deviates:
            one.moves.append(move)
        entry, actors = move.entry, one.props.kernel.actors
        exchange = entry.exchange if entry else 0
        if entry is None and operation.actor in actors:
            exchange = actors[operation.actor].exchange
        scene.recorder.add(
            Moved(
                kind="moved",
                at=scene.recorder.now(),
                schedule=one.take.number,
                actor=entry.person if entry else operation.actor,
                sequence=operation.sequence,
                operation=operation.kind,
                label=self._masked(operation.label),
                movement=move.movement,
                outcome=operation.outcome,
                deviates=move.deviates,
                exchange=exchange,
                opening=self._whose(entry) if entry else None,
                lane=operation.actor,
                seconds=move.seconds,
            )
        )

    def _masked(self, text: str) -> str:
        scene = self._grounds.scene
        return masked(text, scene.recorder.scanner.scan_text(text), scene.key)

    def _named(self, key: str) -> str:
        tenant = self._grounds.names[key]
        return "something" if tenant is None else alias(tenant)

    def _fails(self, one: _Running, entry: Entry) -> frozenset[str]:
        fails = one.props.fails
        if not fails:
            return frozenset()
        return fails.get(self._whose(entry), frozenset())

    def _whose(self, entry: Entry) -> int | None:
        return self._grounds.names[entry.key] if entry.key else None


def _refuse_expired(world: World) -> None:
    now = time.time()
    if any(0 < one.expires_at <= now for one in world.credentials):
        raise Inconclusive(
            "The tenants' logins have expired: from here on the app refuses them.",
            hint="Explore fewer schedules at once, or have logins last longer.",
        )


def _deviations(moves: list[Move]) -> Iterator[Deviation]:
    for move in moves:
        one = move.operation
        what = one.outcome or ("earlier" if one.actor == CLOCK else "goes first")
        text = f"{one.actor}: {one.kind} {one.label} ({what})"
        yield Deviation(one.actor, one.sequence, one.outcome, text)


def _digest(ran: Ran) -> str:
    text = repr([tuple(key) for key in schedule_of(ran.trace)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
