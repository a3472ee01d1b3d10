"""Requests at once, as a part of the isolation exercise."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from harness.errors import AppFailed, HarnessError, Inconclusive, UsageError
from harness.exploring.proving import Bench
from harness.exploring.schedules import Schedules
from harness.isolation.meetings import Meetings
from harness.isolation.rehearsing import rehearse
from harness.isolation.together import NAME, ORACLES, Together
from harness.model.progress import Progress
from harness.run.askings import Askings, askings
from harness.run.grounds import Venue, with_newcomer

if TYPE_CHECKING:
    from harness.environment.server import Postgres
    from harness.exploring.grounds import Grounds
    from harness.isolation.meetings import Rehearsed
    from harness.model.event import Event
    from harness.model.explored import Explored
    from harness.model.finding import Finding
    from harness.model.world import World
    from harness.provisioning.stage import Scene, Stage, State
    from harness.run.order import Order
    from harness.run.outer import Around
    from harness.settings import Settings
    from harness.target.target import Target

Check = Callable[[tuple["Event", ...]], list["Finding"]]

LEFT: Final = 600.0
"""Seconds for which logins must still be good, lest they expire amid it."""
TRIES: Final = 60
"""Schedules that the shortening of a finding may take."""


@dataclass(frozen=True, slots=True)
class Met:
    """What came of requests at once.

    Attributes:
        findings: What was found, each with the order that shows it.
        explored: What was explored; None if nothing was.
        unexplored: Why nothing was, or no more; "" if all was.
        left_out: Keys of operations that took no part.
        unmet: Keys of operations that might have, and that no schedule came to.
        stopped: Why fewer schedules were run than might have been; "" if all were.
    """

    findings: tuple[Finding, ...] = ()
    explored: Explored | None = None
    unexplored: str = ""
    left_out: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    stopped: str = ""


def unexplorable(target: Target, settings: Settings) -> str:
    """Say why an app cannot be run under schedules; "" if it can."""
    if target.url:
        return "the app runs elsewhere, and who goes next there cannot be decided"
    if settings.hosting == "served":
        return "the app has processes of its own; with hosting=inprocess it is"
    if target.fresh == "keep":
        return "the app is never started again"
    if not settings.together:
        return "the setting together is 0"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Makes requests at once in a world that was probed; the app is down.

    Attributes:
        target: The app and how to talk to it.
        order: What was asked for.
        pg: The server.
        scene: What the app is started and talked to with.
        stage: The tenants.
        state: Sets the database back.
        around: What all runs need.
        check: Judges events.
    """

    target: Target
    order: Order
    pg: Postgres
    scene: Scene
    stage: Stage
    state: State
    around: Around
    check: Check

    def meet(self, known: set[str], *, only_first: bool) -> Met:
        """Have the tenants' requests meet, as far as the app can be run so.

        Args:
            known: Fingerprints that are found already, and are passed over.
            only_first: Whether to stop at the first finding.

        Raises:
            PostgresError: The database does not answer.
        """
        together: Together | None = None
        rehearsed: Sequence[Rehearsed] = ()
        failing: tuple[str, ...] = ()
        unexplored = ""
        settings = self.order.settings
        self.order.listener(Progress(NAME, 0, settings.together, detail="rehearsing"))
        try:
            asked = self.around.outer(askings(self.scene, self.stage))
            reading = asked.reads[0]
            rehearsal = rehearse(self.stage, self.scene.habits, reading=reading)
            rehearsed, failing = self.around.outer(rehearsal)
            if not rehearsed:
                return Met(unexplored="nothing works for two tenants")
            enters = self._enters()
            meetings = self._meetings(rehearsed, reading, enters=enters)
            venue = self._venue(asked, logged_in=not enters)
            with venue.grounds(settings.seed, watched=False) as grounds:
                together = Together(
                    self._bench(grounds),
                    meetings,
                    tenants=settings.tenants,
                    listener=self.order.listener,
                    known=known,
                    only_first=only_first,
                )
                together.run(settings.together)
        except (AppFailed, Inconclusive, UsageError) as error:
            unexplored = error.message
        except HarnessError as error:
            if together is None or not together.findings:
                raise
            # A proven leak stands, whatever ended the rest.
            unexplored = error.message
        if together is None:
            return Met(unexplored=unexplored, left_out=failing)
        keys = [one.operation.key for one in rehearsed if together.explored.schedules]
        unmet = tuple(key for key in keys if key not in together.met)
        so_far = together.findings, together.explored
        return Met(*so_far, unexplored, failing, unmet, together.stopped)

    def _meetings(
        self, rehearsed: Sequence[Rehearsed], reading: str, *, enters: bool
    ) -> Meetings:
        seed = self.order.settings.seed
        catalogue = self.stage.catalogue
        return Meetings(rehearsed, reading, catalogue, seed=seed, enters=enters)

    def _bench(self, grounds: Grounds) -> Bench:
        settings = self.order.settings
        return Bench(
            schedules=Schedules(grounds, compared=False),
            judge=lambda events: [
                one for one in self.check(events) if one.oracle in ORACLES
            ],
            recorder=self.scene.recorder,
            variant=settings.variant,
            seed=settings.seed,
            tries=TRIES,
        )

    def _enters(self) -> bool:
        """Tell whether all have to log in again after each start."""
        soon = time.time() + LEFT
        expires = any(
            0 < one.expires_at <= soon for one in self.stage.world.credentials
        )
        return expires or not self.stage.sessions_last

    def _venue(self, asked: Askings, *, logged_in: bool) -> Venue:
        world = self.stage.world
        return Venue(
            target=self.target,
            order=self.order,
            pg=self.pg,
            scene=self.scene,
            stage=self.stage,
            world=with_newcomer(self.scene, world if logged_in else _renewing(world)),
            state=self.state,
            askings=asked,
            flows=(),
            foreign=(),
            clock=self.around.clock,
            outer=self.around.outer,
        )


def _renewing(world: World) -> World:
    """Return a world whose logins are renewed before they are used."""
    lasting = tuple(replace(one, expires_at=0.0) for one in world.credentials)
    return replace(world, credentials=lasting)
