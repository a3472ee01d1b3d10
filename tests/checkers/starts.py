"""Starts written by hand: what an app opened, served and left behind."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from harness.model.boot import (
    Arrival,
    Boot,
    Connected,
    Crowd,
    Initialised,
    LeftOpen,
    Phase,
    ProviderCalls,
    Reached,
    Stage,
    Watching,
)
from harness.model.canary import FIELD_BEACON, FIRST_PLANTED_FIELD
from harness.model.event import BeaconSent, Channel, Event, LogLine
from harness.model.history import History
from harness.model.step import Role
from tests.checkers.histories import BEACON, LIST, Story, body, hit, own

OPEN = "app.tenants:open_tenant"


@dataclass
class Start:
    """One start of an app; each method tells of one fact, a tenth of a second later.

    Attributes:
        watched: Channels through which something comes that is supposed to.
    """

    tenants: int = 2
    workers: int = 1
    planned: int = 0
    awaited: bool = True
    watched: tuple[Channel, ...] = (Channel.BODY, Channel.LOG)
    events: list[Event] = field(default_factory=list)
    number: int = 1

    def __post_init__(self) -> None:
        self._clock = itertools.count(1)
        self._runs = itertools.count(1)
        self.add(Watching("watching", OPEN, self.awaited))
        self.boots(self.number)

    def history(self) -> History:
        return History(tuple(self.events))

    def add(self, event: Event) -> None:
        self.events.append(event)

    def now(self) -> float:
        return next(self._clock) / 10

    def boots(self, number: int) -> None:
        """Start the app (again)."""
        self.number = number
        self.add(
            Boot(
                "boot",
                self.now(),
                number,
                "eager",
                self.tenants,
                number,
                self.workers,
                self.planned,
            )
        )
        if Channel.BODY in self.watched:
            self.sees(0)
        self.logs(lost=Channel.LOG not in self.watched)

    def sees(self, tenant: int, *, field: int = FIRST_PLANTED_FIELD) -> None:
        """Have a tenant read something, and find a planted value of its own in it."""
        found = body(hit(tenant, field))
        story = Story()
        story.asks(own(tenant), LIST, found, role=Role.REREAD, id_=10_000 + self.number)
        self.events += story.events

    def logs(self, *, lost: bool = False) -> None:
        """Send a beacon to the log, and have it come out."""
        self.add(BeaconSent("beacon", Channel.LOG, "harness.beacon", BEACON))
        if not lost:
            came = (hit(BEACON, FIELD_BEACON),)
            self.add(LogLine("log", 0.0, 0, "x", "INFO", "", (), frozenset(), came))

    def tells(
        self,
        stage: Stage,
        tenant: int | None,
        *,
        run: int,
        worker: int = 1,
        what: str = OPEN,
        closes: bool = True,
    ) -> None:
        self.add(
            Initialised(
                "initialised",
                self.now(),
                self.number,
                worker,
                what,
                run,
                stage,
                tenant,
                closes=closes,
            )
        )

    def opens(
        self,
        tenant: int | None,
        *,
        worker: int = 1,
        what: str = OPEN,
        ends: Stage = Stage.READY,
        closes: bool = True,
    ) -> int:
        """Initialise a tenant's resource; return the number of the call."""
        run = next(self._runs)
        for stage in (Stage.BEGUN, ends):
            self.tells(stage, tenant, run=run, worker=worker, what=what, closes=closes)
        return run

    def closes(self, tenant: int, run: int = 0, *, worker: int = 1) -> None:
        for stage in (Stage.CLOSING, Stage.CLOSED):
            self.tells(stage, tenant, run=run, worker=worker)

    def serves(self, tenant: int, *, failure: str = "") -> None:
        self.add(
            Arrival(
                "arrival",
                self.now(),
                self.number,
                tenant,
                "POST /token",
                0.01,
                1,
                failure,
            )
        )

    def stops(self, worker: int = 1) -> None:
        self.add(Reached("reached", self.now(), self.number, worker, Phase.STOPPED))

    def connects(
        self, backend: int, *, tenant: int | None = None, open_: bool = True
    ) -> None:
        self.add(
            Connected(
                "connected",
                self.now(),
                self.number,
                1,
                backend,
                open_,
                tenant,
                "app/pools.py:7",
            )
        )

    def leaves(self, backend: int) -> None:
        self.add(
            LeftOpen(
                "left", self.now(), self.number, backend, "app", "", "idle", "select 1"
            )
        )

    def takes(self, connections: int) -> None:
        self.add(Crowd("crowd", self.now(), self.number, connections, 10))

    def asks_provider(self, tenant: int | None, calls: int, *, most: int = 1) -> None:
        self.add(
            ProviderCalls("provider", self.now(), self.number, tenant, calls, most)
        )
