"""What schedules run on: a server, a world, and the taps."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, final

from harness.environment.activity import activity, foreign_databases
from harness.errors import UsageError
from harness.exploring.garbage import set_apart
from harness.exploring.grounds import IDLE, Grounds
from harness.hosting.boot_watch import BootWatch, Names
from harness.model.world import Access
from harness.observe.asyncpg import connections_tapped
from harness.observe.beacons import send_beacons
from harness.observe.gates.all import gated
from harness.observe.initialisers import initialisers_tapped
from harness.observe.logs import tap
from harness.observe.reader import LogReader
from harness.observe.resources import resources_tapped
from harness.provisioning.casting import learn_names
from harness.provisioning.catalogue import SAMPLED
from harness.provisioning.listening import goes_on
from harness.provisioning.people import mint_tenant
from harness.recording.context import PROCESS
from harness.run.askings import Askings, askings
from harness.run.hosts import spec_of
from harness.run.outer import held, surrounded
from harness.run.session import open_scene, server, set_stage
from harness.scheduling.locks import locks_seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.environment.activity import Activity
    from harness.environment.server import Postgres
    from harness.model.world import World
    from harness.observe.asyncpg import Connection
    from harness.observe.resources import Use
    from harness.observe.runs import Call
    from harness.provisioning.stage import Scene, Stage, State
    from harness.run.order import Order
    from harness.run.outer import Outer
    from harness.scheduling.clock import VirtualClock
    from harness.target.target import Target

Watching = Callable[[BootWatch], contextlib.AbstractContextManager[None]]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """A server and a world on it, for any number of explorations; the app is down.

    Attributes:
        target: The app and how to talk to it.
        order: What was asked for when it was made.
        pg: The server.
        scene: What the app is started and talked to with.
        stage: The tenants that the app knows.
        world: They, and one whom it does not know yet.
        state: Sets the database back.
        askings: What tenants ask for where a scenario leaves that open.
        flows: Keys of streams and sockets that stay open and need no object.
        foreign: Databases on the server that are not the app's.
        clock: What `time.monotonic` is to the app.
        outer: Runs what is not part of a schedule, on an event loop of its own.
    """

    target: Target
    order: Order
    pg: Postgres
    scene: Scene
    stage: Stage
    world: World
    state: State
    askings: Askings
    flows: tuple[str, ...]
    foreign: Sequence[str]
    clock: VirtualClock
    outer: Outer

    @contextlib.contextmanager
    def grounds(
        self, seed: int, *, steps: bool = False, watched: bool = True
    ) -> Iterator[Grounds]:
        """Have the taps in place, and all that schedules need, for a block.

        Args:
            seed: Of what is random in the app.
            steps: Whether steps of tasks are put in order, too.
            watched: Whether connections are looked for that a stopped app left open.
        """
        scene, target, world = self.scene, self.target, self.world
        with ExitStack() as stack:
            garbage = stack.enter_context(set_apart())
            connections = stack.enter_context(self._activity()) if watched else None
            locks = stack.enter_context(locks_seen(self.pg.dsn))
            watching = stack.enter_context(_taps(scene, self.order, steps=steps))
            yield Grounds(
                scene=scene,
                catalogue=self.stage.catalogue,
                world=world,
                reads=self.askings.reads,
                writes=self.askings.writes,
                flows=self.flows,
                state=self.state,
                names=Names(world.tenants),
                activity=connections,
                locks=locks,
                specs={
                    name: spec_of(scene, self.order, variables)
                    for name, variables in _ways(target).items()
                },
                outer=self.outer,
                watching=watching,
                clock=self.clock,
                garbage=garbage,
                seed=seed,
                steps=steps,
            )

    @contextlib.contextmanager
    def _activity(self) -> Iterator[Activity]:
        looking = activity(
            self.pg, self.scene.dsn, self.foreign, patterns=self.target.databases
        )
        with held(self.outer, looking) as connections:
            self.outer(connections.disregard_present())
            yield connections


@contextlib.contextmanager
def open_venue(target: Target, order: Order) -> Iterator[Venue]:
    """Have a server and a world for explorations.

    Raises:
        UsageError: An event loop runs here already, or the app cannot be started again
            and again.
        HarnessError: There is no server, or the world could not be made.
    """
    if target.url or target.fresh == "keep":
        raise UsageError(
            "This target's app cannot be run under a schedule.",
            hint="It needs Target.app, and an app whose tenants outlive a restart.",
        )
    with surrounded() as around, held(around.outer, server(order)) as pg:
        outer, clock = around.outer, around.clock
        # Before the run's own database is among them.
        foreign = outer(foreign_databases(pg))
        with held(outer, open_scene(target, order, pg)) as (scene, state):
            stage = outer(set_stage(scene, state, order, cases=SAMPLED))
            asked = outer(askings(scene, stage))
            yield Venue(
                target=target,
                order=order,
                pg=pg,
                scene=scene,
                stage=stage,
                world=with_newcomer(scene, stage.world),
                state=state,
                askings=asked,
                flows=_flows(scene, stage),
                foreign=foreign,
                clock=clock,
                outer=outer,
            )


def _ways(target: Target) -> Mapping[str, Mapping[str, str]]:
    """Return the ways to start the app, each with the variables that choose it."""
    ways: dict[str, Mapping[str, str]] = {"": {}, **target.strategies}
    if target.idle:
        ways |= {f"{name}{IDLE}": {**ways[name], **target.idle} for name in (*ways,)}
    return ways


def with_newcomer(scene: Scene, world: World) -> World:
    """Return a world with one tenant more, whom the app does not know yet."""
    index = len(world.tenants)
    newcomer = mint_tenant(scene.key, index, domain=scene.target.domain)
    learn_names(scene, newcomer)
    return replace(
        world,
        tenants=(*world.tenants, newcomer),
        credentials=(*world.credentials, Access()),
    )


def _flows(scene: Scene, stage: Stage) -> tuple[str, ...]:
    """Return what stays open and needs no object, as far as its kind was tried."""
    catalogue = stage.catalogue
    return tuple(
        one.key
        for one in catalogue.operations.values()
        if goes_on(one, scene.habits) and not catalogue.resources.needs(one)
    )


@contextlib.contextmanager
def _taps(scene: Scene, order: Order, *, steps: bool) -> Iterator[Watching]:
    """Have the app's surroundings, and all that is seen told to the current watch."""
    current: list[BootWatch] = []

    def called(call: Call) -> None:
        for watch in current:
            watch.called(PROCESS.get(), call)

    def connected(connection: Connection) -> None:
        for watch in current:
            watch.connected(PROCESS.get(), connection)

    def used(use: Use) -> None:
        for watch in current:
            watch.used(PROCESS.get(), use)

    @contextlib.contextmanager
    def watching(watch: BootWatch) -> Iterator[None]:
        current.append(watch)
        complain()
        try:
            yield
        finally:
            current.remove(watch)

    with (
        gated(steps=steps),
        tap(LogReader(scene.recorder)),
        connections_tapped(connected, directory=order.root),
        resources_tapped(used),
        initialisers_tapped(scene.target.initialisers, called) as complain,
    ):
        send_beacons(scene.recorder, scene.key)
        yield watching
