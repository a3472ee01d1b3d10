"""What schedules run on, and what is drawn for them."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from harness.environment.activity import Activity
    from harness.exploring.garbage import Garbage
    from harness.exploring.rounds import Round
    from harness.exploring.scenario import Scenario
    from harness.hosting.boot_watch import BootWatch, Names
    from harness.model.world import World
    from harness.provisioning.catalogue import Catalogue
    from harness.provisioning.stage import Scene, State
    from harness.scheduling.clock import VirtualClock
    from harness.scheduling.locks import Locks
    from harness.target.app import AppSpec

IDLE: Final = ", idle"
"""Ends the names of ways in which the app gives up what nobody uses."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is drawn of a scenario, beside its order.

    Attributes:
        cast: Index of the tenant that plays each part.
        reads: From which of the readings on they are counted; behind the last one
            come the writings.
        skipped: Numbers of requests that are left out.
        rounds: What is asked at once, for a scenario that does not say so itself.
    """

    cast: tuple[int, ...]
    reads: int = 0
    skipped: frozenset[int] = frozenset()
    rounds: tuple[Round, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What all schedules have in common.

    Attributes:
        scene: The target, and what its requests are recorded with.
        catalogue: What can be asked of the app.
        world: Who is there, and at the end who is not there yet.
        reads: Keys of readings that work for any tenant and need no object.
        writes: Keys of what changes something, and works for any tenant any number of
            times, without an object.
        flows: Keys of streams and sockets that stay open and need no object.
        state: Sets the database back.
        names: Tells tenants by what the app calls them.
        activity: Tells which connections the app has; None without a database.
        locks: Tells which statements wait for a lock.
        specs: How the app is started, by strategy; "" where it has none. Those in which
            it gives up what nobody uses are named so at the end.
        outer: Runs what is not part of a schedule, on an event loop of its own.
        watching: Has what the taps see told to a watch, for a block.
        clock: What `time.monotonic` is to the app.
        garbage: Collected between schedules.
        seed: Of what is random in the app.
        steps: Whether steps of tasks are put in order, too.
    """

    scene: Scene
    catalogue: Catalogue
    world: World
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    flows: tuple[str, ...]
    state: State
    names: Names
    activity: Activity | None
    locks: Locks
    specs: Mapping[str, AppSpec]
    outer: Callable[[Awaitable[None]], None]
    watching: Callable[[BootWatch], contextlib.AbstractContextManager[None]]
    clock: VirtualClock
    garbage: Garbage
    seed: int
    steps: bool = False

    def asked_for(self, inputs: Inputs) -> tuple[str, ...]:
        """Return what is read in a scenario, the first first, by the operations' keys.

        What is drawn may be a writing: that is then asked for in the first's place.
        """
        drawn = inputs.reads % max(1, len(self.reads) + len(self.writes))
        if drawn >= len(self.reads):
            return self.writes[drawn - len(self.reads)], *self.reads
        return self.reads[drawn:] + self.reads[:drawn]


def way_of(scenario: Scenario, known: Mapping[str, object]) -> str:
    """Return in which of the known ways the app is started for a scenario.

    It is the first of the scenario's strategies that the target has; "" if none.
    """
    way = next((name for name in scenario.strategies if name in known), "")
    return f"{way}{IDLE}" if scenario.idle else way
