"""What is noted of one schedule, from its beginning to its end."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

from harness.exploring.grounds import way_of
from harness.hosting.boot_watch import watching_of
from harness.model.boot import Boot, Phase, Reached
from harness.model.event import Exchange
from harness.model.masking import masked
from harness.model.race import (
    ActorCame,
    ActorRole,
    Deviation,
    Expected,
    FlowEnded,
    FlowEnding,
    Keeps,
    Moved,
    RaisedLate,
    Rested,
    Scheduled,
    ScheduleEnded,
    lifespan_of,
)
from harness.scheduling.choice import schedule_of
from harness.scheduling.kernel import CLOCK, Move, Ran

if TYPE_CHECKING:
    from harness.exploring.grounds import Grounds, Inputs
    from harness.exploring.scenario import Scenario
    from harness.model.event import Event
    from harness.model.holdings import Holding
    from harness.scheduling.actors import Actor
    from harness.scheduling.entry import Entry


_ADDRESS: Final = re.compile(r"\b0x[0-9a-f]{6,}")


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


@final
class Notes:
    """Writes down one schedule.

    Args:
        grounds: What it runs on.
        take: Which it is.

    Attributes:
        take: Which it is.
    """

    def __init__(self, grounds: Grounds, take: Take) -> None:
        self.take = take
        self._grounds = grounds
        self._recorder = grounds.scene.recorder
        self._mark = self._recorder.mark
        self._moves: list[Move] = []

    @property
    def _processes(self) -> Sequence[int]:
        return range(1, self.take.scenario.processes + 1)

    @property
    def deviations(self) -> tuple[Deviation, ...]:
        """What was chosen otherwise than first-come-first-served, so far."""
        return tuple(_deviations(self._moves))

    def begun(
        self,
        known: Mapping[str, int],
        kept: Mapping[Holding, int],
        raising: Collection[str],
    ) -> None:
        """Note that it begins.

        Args:
            known: How requests end if nobody interferes, by actor.
            kept: What the app has open at rest then.
            raising: Actors after the answers to whom it raises then.
        """
        grounds, recorder, take = self._grounds, self._recorder, self.take
        way = way_of(take.scenario, grounds.specs)
        # The last one is not there yet.
        tenants, now = len(grounds.world.tenants) - 1, recorder.now()
        processes = take.scenario.processes
        recorder.add(Boot("boot", now, take.number, way, tenants, 1, processes))
        recorder.add(
            Scheduled(
                kind="scheduled",
                at=now,
                schedule=take.number,
                scenario=take.scenario.name,
                strategy=take.strategy,
                faults=take.scenario.faults > 0,
                ready=grounds.scene.target.ready,
            )
        )
        for one in grounds.scene.target.initialisers:
            recorder.add(watching_of(one))
        for actor, status in known.items():
            raises = actor in raising
            recorder.add(Expected("expected", take.number, actor, status, raises))
        for (what, tenant, worker), count in kept.items():
            keeps = Keeps("keeps", take.number, what, tenant, count, worker)
            recorder.add(keeps)

    def lifespan_came(self) -> None:
        """Note that the app's lifespan acts, in each process."""
        for process in self._processes:
            about = "the app's lifespan"
            self._recorder.add(
                ActorCame(
                    kind="actor",
                    at=self._recorder.now(),
                    schedule=self.take.number,
                    actor=lifespan_of(process),
                    role=ActorRole.LIFESPAN,
                    tenant=None,
                    exchange=0,
                    about=f"{about}, process {process}" if process > 1 else about,
                    process=process,
                )
            )

    def reached(self, phase: Phase) -> None:
        """Note how far the lifespan has come."""
        at, number = self._recorder.now(), self.take.number
        for process in self._processes:
            self._recorder.add(Reached("reached", at, number, process, phase))

    def flow_ended(self, exchange: int, ending: FlowEnding) -> None:
        """Note what became of a stream or socket that was open at the end."""
        at, number = self._recorder.now(), self.take.number
        self._recorder.add(FlowEnded("flow ended", at, number, exchange, ending))

    def raised_late(self, exchange: int, error: str) -> None:
        """Note what the app raised once a request's answer was whole."""
        at, number = self._recorder.now(), self.take.number
        # Addresses differ from run to run.
        shown = _ADDRESS.sub("0x…", self._masked(error))
        event = RaisedLate("raised late", at, number, exchange, shown)
        self._recorder.add(event)

    def rested(self) -> None:
        """Note that the app had time to close what nobody needs."""
        now = self._recorder.now()
        self._recorder.add(Rested("rested", now, self.take.number))

    def moved(self, move: Move, actors: Mapping[str, Actor]) -> None:
        """Note what became of an operation.

        Args:
            move: What became of which.
            actors: Who acts, by name.
        """
        operation, entry = move.operation, move.entry
        if move.deviates:
            self._moves.append(move)
        exchange = entry.exchange if entry else 0
        if entry is None and operation.actor in actors:
            exchange = actors[operation.actor].exchange
        self._recorder.add(
            Moved(
                kind="moved",
                at=self._recorder.now(),
                schedule=self.take.number,
                actor=entry.person if entry else operation.actor,
                sequence=operation.sequence,
                operation=operation.kind,
                label=self._masked(operation.label),
                movement=move.movement,
                outcome=operation.outcome,
                deviates=move.deviates,
                exchange=exchange,
                opening=self.opening(entry) if entry else None,
                lane=operation.actor,
                seconds=move.seconds,
            )
        )

    def ended(self, ran: Ran, failure: str) -> None:
        """Note that it is over.

        Args:
            ran: How it went.
            failure: Why the app's lifespan failed; "" if it did not.
        """
        self._recorder.add(
            ScheduleEnded(
                kind="schedule ended",
                at=self._recorder.now(),
                schedule=self.take.number,
                ending=ran.ending,
                waiting=ran.waiting,
                deviations=self.deviations,
                choices=len(ran.trace),
                operations=ran.operations,
                uncontrolled=ran.uncontrolled,
                digest=digest_of(ran),
                failure=self._masked(failure),
            )
        )

    def events(self) -> tuple[Event, ...]:
        """Return what was noted of it so far."""
        return self._recorder.since(self._mark)

    def statuses(self) -> Mapping[str, int]:
        """Return how the requests ended, by actor."""
        actors = self._actors()
        return {
            actors[event.id]: event.status
            for event in self.events()
            if isinstance(event, Exchange) and event.id in actors
        }

    def raising(self) -> frozenset[str]:
        """Return the actors after the answers to whom the app raised."""
        actors = self._actors()
        return frozenset(
            actors[event.exchange]
            for event in self.events()
            if isinstance(event, RaisedLate) and event.exchange in actors
        )

    def _actors(self) -> Mapping[int, str]:
        """Return who makes each request."""
        return {
            event.exchange: event.actor
            for event in self.events()
            if isinstance(event, ActorCame)
        }

    def opening(self, entry: Entry) -> int | None:
        """Return for which tenant an initialiser runs that an operation is part of."""
        return self._grounds.names[entry.key] if entry.key else None

    def _masked(self, text: str) -> str:
        scene = self._grounds.scene
        return masked(text, scene.recorder.scanner.scan_text(text), scene.key)


def _deviations(moves: list[Move]) -> Iterator[Deviation]:
    for move in moves:
        one = move.operation
        what = one.outcome or ("earlier" if one.actor == CLOCK else "goes first")
        text = f"{one.actor}: {one.kind} {one.label} ({what})"
        yield Deviation(one.actor, one.sequence, one.outcome, text)


def digest_of(ran: Ran) -> str:
    """Return what two runs of one schedule have in common, and no two others."""
    text = repr([tuple(key) for key in schedule_of(ran.trace)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
