"""Schedules written by hand: who asked when, and what was done to whom."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.model.boot import (
    Boot,
    Condition,
    Connected,
    Initialised,
    LeftOpen,
    Phase,
    Reached,
    Stage,
    Used,
    Watching,
)
from harness.model.event import Audience, Channel, Event, Exchange, Found, LogLine
from harness.model.history import History
from harness.model.race import (
    ActorCame,
    ActorRole,
    ActorWent,
    Deviation,
    Ending,
    Expected,
    Keeps,
    Moved,
    Movement,
    RaisedLate,
    Removed,
    Rested,
    Saw,
    Scheduled,
    ScheduleEnded,
    Waiting,
    Wrote,
    lifespan_of,
)
from harness.model.step import Principal, Role
from tests.checkers.histories import FIELDS

A, B = 0, 1
OPEN = "app.tenants:open_tenant"
READ, WRITE = "GET /documents", "POST /documents"
OPERATOR = "POST /operator/reload"


@dataclass
class Play:
    """One schedule after the other; each method tells of a fact, or of a few."""

    scenario: str = "cold_stampede"
    ready: str = ""
    awaited: bool = True
    again: bool = False
    exclusive: bool = False
    events: list[Event] = field(default_factory=list)
    schedule: int = 0

    def __post_init__(self) -> None:
        self._ids = itertools.count(1)
        self._runs = itertools.count(1)
        self._operations: dict[str, int] = {}
        self._asked: dict[str, tuple[int, int | None, str]] = {}
        self.begins()

    def history(self) -> History:
        return History(tuple(self.events), FIELDS)

    def add(self, event: Event) -> None:
        self.events.append(event)

    @property
    def now(self) -> float:
        return len(self.events) / 10

    def begins(self, *, started: bool = True) -> None:
        """Begin a schedule, with a fresh app."""
        self.schedule += 1
        self.add(Boot("boot", self.now, self.schedule, "lazy", 2, 1, 1))
        self.add(
            Scheduled(
                "scheduled",
                self.now,
                self.schedule,
                self.scenario,
                "deviations",
                faults=True,
                ready=self.ready,
            )
        )
        self.add(Watching("watching", OPEN, self.awaited, self.again, self.exclusive))
        self._operations.clear()
        self._asked.clear()
        self.comes("lifespan", None, role=ActorRole.LIFESPAN)
        if started:
            self.reaches(Phase.STARTED)

    def stops(self, process: int = 1) -> None:
        """A process of the app begins to stop, and is stopped."""
        for movement in (Movement.WENT, Movement.CAME):
            self.moves(lifespan_of(process), movement, kind="stop")
        self.reaches(Phase.STOPPED, process)

    def reaches(self, phase: Phase, process: int = 1) -> None:
        self.add(Reached("reached", self.now, self.schedule, process, phase))

    def comes(
        self,
        actor: str,
        tenant: int | None,
        operation: str = READ,
        *,
        role: ActorRole = ActorRole.REQUEST,
        expected: int | None = 200,
        arrives: bool = True,
        process: int = 1,
        raises: bool = False,
    ) -> int:
        """Have an actor come, and its request reach the app; return the exchange."""
        # What the operator does may take any number of requests.
        exchange = next(self._ids) if role is ActorRole.REQUEST else 0
        if exchange and expected is not None:
            self.add(Expected("expected", self.schedule, actor, expected, raises))
        about = f"somebody: {operation}"
        self.add(
            ActorCame(
                "actor",
                self.now,
                self.schedule,
                actor,
                role,
                tenant,
                exchange,
                about,
                process,
            )
        )
        self._asked[actor] = (exchange, tenant, operation)
        if exchange and arrives:
            self.arrives(actor)
        return exchange

    def arrives(self, actor: str) -> None:
        for movement in (Movement.WENT, Movement.CAME):
            self.moves(actor, movement, kind="arrive", sequence=0)

    def moves(
        self,
        actor: str,
        movement: Movement,
        outcome: str = "",
        *,
        kind: str = "query",
        sequence: int = 1,
        opening: int | None = None,
    ) -> None:
        self.add(
            Moved(
                kind="moved",
                at=self.now,
                schedule=self.schedule,
                actor=actor,
                sequence=sequence,
                operation=kind,
                label="select 1",
                movement=movement,
                outcome=outcome,
                deviates=bool(outcome),
                exchange=self._asked[actor][0] if actor in self._asked else 0,
                opening=opening,
            )
        )

    def leaves(self, actor: str) -> None:
        """The client of an actor goes away."""
        self.moves(actor, Movement.LEFT, "cancel before")

    def fails(
        self, actor: str, outcome: str = "raise", *, opening: int | None = None
    ) -> None:
        """An operation of an actor fails."""
        for movement in (Movement.WENT, Movement.FAILED):
            self.moves(actor, movement, outcome, opening=opening)

    def ends(
        self,
        actor: str,
        status: int = 200,
        *,
        found: Sequence[Found] = (),
        sent: frozenset[tuple[int, int]] = frozenset(),
        failure: str = "",
        retry_after: float = 0.0,
    ) -> None:
        """An actor's request is answered."""
        exchange, tenant, operation = self._asked[actor]
        self.add(
            Exchange(
                kind="exchange",
                id=exchange or next(self._ids),
                at=self.now,
                operation=operation,
                audience=Audience.OPERATOR if tenant is None else Audience.TENANT,
                mutates=not operation.startswith("GET "),
                principal=Principal(tenant, tenant),
                role=Role.CONTROL,
                owner=tenant,
                precedes=0,
                follows=0,
                request=operation,
                sent=sent,
                sent_in_url=frozenset(),
                status=status,
                failure=failure,
                found=tuple(found),
                digest="0" * 16,
                size=0,
                objects=-1,
                seconds=0.001,
                through=Channel.BODY,
                retry_after=retry_after,
            )
        )

    def raises(self, actor: str) -> None:
        """The app raises once the answer to an actor is whole."""
        exchange, _, _ = self._asked[actor]
        error = "RuntimeError: too late"
        self.add(RaisedLate("raised late", self.now, self.schedule, exchange, error))

    def goes(self, actor: str) -> None:
        """What an actor does is through."""
        self.add(ActorWent("actor went", self.now, self.schedule, actor))

    def waits(self, seconds: float) -> None:
        """Time passes."""
        self.add(
            Moved(
                kind="moved",
                at=self.now,
                schedule=self.schedule,
                actor="clock",
                sequence=0,
                operation="clock",
                label="time passes",
                movement=Movement.CLOCK,
                seconds=seconds,
            )
        )

    def asks(self, actor: str, tenant: int | None, operation: str = READ) -> int:
        """Make a request from its begin to its end."""
        exchange = self.comes(actor, tenant, operation)
        self.ends(actor)
        return exchange

    def tells(
        self,
        stage: Stage,
        tenant: int,
        run: int,
        *,
        exchange: int = 0,
        closes: bool = True,
        worker: int = 1,
    ) -> None:
        self.add(
            Initialised(
                kind="initialised",
                at=self.now,
                boot=self.schedule,
                worker=worker,
                what=OPEN,
                run=run,
                stage=stage,
                tenant=tenant,
                exchange=exchange,
                closes=closes,
            )
        )

    def opening(self, tenant: int, *, exchange: int = 0, worker: int = 1) -> int:
        run = next(self._runs)
        self.tells(Stage.BEGUN, tenant, run, exchange=exchange, worker=worker)
        return run

    def opens(
        self,
        tenant: int,
        *,
        exchange: int = 0,
        closes: bool = True,
        worker: int = 1,
    ) -> int:
        run = self.opening(tenant, exchange=exchange, worker=worker)
        self.tells(
            Stage.READY, tenant, run, exchange=exchange, closes=closes, worker=worker
        )
        return run

    def closes(self, tenant: int, run: int, *, worker: int = 1) -> None:
        for stage in (Stage.CLOSING, Stage.CLOSED):
            self.tells(stage, tenant, run, worker=worker)

    def uses(
        self,
        exchange: int,
        tenant: int | None,
        run: int,
        state: Condition = Condition.READY,
        *,
        during: int | None = None,
    ) -> None:
        self.add(
            Used(
                kind="used",
                at=self.now,
                boot=self.schedule,
                worker=1,
                exchange=exchange,
                what=OPEN,
                run=run,
                tenant=tenant,
                state=state,
                resource=run,
                during=during,
            )
        )

    def uses_nobodys(self, exchange: int) -> None:
        """Somebody asks a closed pool that was opened for no tenant."""
        self.add(
            Used(
                kind="used",
                at=self.now,
                boot=self.schedule,
                worker=1,
                exchange=exchange,
                what="",
                run=0,
                tenant=None,
                state=Condition.CLOSED,
            )
        )

    def holds(
        self,
        exchange: int,
        tenant: int,
        resource: int,
        state: Condition = Condition.READY,
        *,
        during: int | None = None,
    ) -> None:
        """Somebody uses a connection that says itself whose it is."""
        self.add(
            Used(
                kind="used",
                at=self.now,
                boot=self.schedule,
                worker=1,
                exchange=exchange,
                what="",
                run=0,
                tenant=tenant,
                state=state,
                resource=resource,
                form="connection",
                during=during,
            )
        )

    def connects(self, backend: int, tenant: int | None, *, is_open: bool) -> None:
        self.add(
            Connected("connected", self.now, self.schedule, 1, backend, is_open, tenant)
        )

    def leaves_open(self, backend: int) -> None:
        self.add(
            LeftOpen(
                "left", self.now, self.schedule, backend, "app", "", "idle", "select 1"
            )
        )

    def saw(
        self, exchange: int, generation: int, *, fresh: bool = False, actor: str = ""
    ) -> None:
        self.add(
            Saw(
                "saw",
                self.now,
                self.schedule,
                exchange,
                A,
                "flag",
                generation,
                fresh,
                actor,
            )
        )

    def wrote(self, exchange: int, generation: int, *, actor: str = "") -> None:
        self.add(
            Wrote(
                "wrote",
                self.now,
                self.schedule,
                exchange,
                A,
                "flag",
                generation,
                actor,
            )
        )

    def removes(self, tenant: int) -> None:
        """Somebody removes a tenant for good, and is told that it is gone."""
        role = ActorRole.OPERATOR
        actor = f"operator {len(self.events)}"
        self.comes(actor, tenant, "offboard", role=role)
        self.add(Removed("removed", self.now, self.schedule, tenant))
        self.goes(actor)

    def keeps(self, tenant: int, count: int, *, worker: int = 1) -> None:
        """If nobody interferes, so many are open when the app rests."""
        self.add(Keeps("keeps", self.schedule, OPEN, tenant, count, worker))

    def rests(self) -> None:
        """The app had time to close what nobody needs."""
        self.add(Rested("rested", self.now, self.schedule))

    def logs(self, exchange: int, tenant: int | None) -> None:
        self.add(
            LogLine(
                kind="log",
                at=self.now,
                exchange=exchange,
                logger="app",
                level="INFO",
                template="served",
                slots=(("tenant", tenant),),
                names=frozenset(() if tenant is None else (tenant,)),
                hits=(),
            )
        )

    def over(
        self,
        ending: Ending = Ending.ENDED,
        *,
        waiting: Sequence[Waiting] = (),
        stopped: bool = True,
        choices: int = 3,
        operations: int = 20,
        uncontrolled: Sequence[str] = (),
        deviations: Sequence[Deviation] = (),
        digest: str = "d",
        failure: str = "",
    ) -> None:
        """End the schedule, and the app."""
        if stopped and ending is Ending.ENDED:
            self.reaches(Phase.STOPPED)
        self.add(
            ScheduleEnded(
                kind="schedule ended",
                at=self.now,
                schedule=self.schedule,
                ending=ending,
                waiting=tuple(waiting),
                deviations=tuple(deviations),
                choices=choices,
                operations=operations,
                uncontrolled=tuple(uncontrolled),
                digest=digest,
                failure=failure,
            )
        )
