"""The schedules of a history: who asked when, what was done to whom, how it ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.model.boot import Boot, Initialised, Stage
from harness.model.event import Event, Exchange
from harness.model.race import (
    ActorCame,
    ActorRole,
    ActorWent,
    Expected,
    Moved,
    Movement,
    Scheduled,
    ScheduleEnded,
)

if TYPE_CHECKING:
    from harness.model.history import History

NEVER: Final = 1 << 60
"""A position after all others."""
LIFESPAN: Final = ActorRole.LIFESPAN.value
"""The actor of the app's start-up and shutdown."""
STOPS: Final = "stop"
"""Its operation with which the app begins to stop."""
ARRIVES: Final = "arrive"
HANG: Final = "hang"
FAILURES: Final = frozenset({"raise", "cut off", HANG})
_LEAVES: Final = ("cancel", "disconnect")
_ENDS: Final = (Stage.READY, Stage.FAILED, Stage.CANCELLED)


@dataclass(frozen=True, slots=True)
class Request:
    """A request of a schedule.

    Positions are those of events in the history.

    Attributes:
        actor: Who makes it.
        role: What the actor is to the app.
        tenant: For whom; None if for nobody in particular.
        process: Which of the app's processes it asks, from 1.
        exchange: Its id; 0 if there is none, or several.
        about: What it does, for people.
        came: Position at which its actor came: what was over by then, the scenario
            itself had wait.
        began: Position at which it reached the app; `NEVER` if it did not. What an
            operator does begins when the operator comes.
        answer: What came of it; None if nothing did.
        ended: Position of that; `NEVER` without. What an operator does ends when the
            operator goes.
        expected: How it ends if nobody interferes; None if that is not known.
    """

    actor: str
    role: ActorRole
    tenant: int | None
    process: int
    exchange: int
    about: str
    came: int
    began: int
    answer: Exchange | None
    ended: int
    expected: int | None

    @property
    def operation(self) -> str:
        """Key of the operation, as far as it is known."""
        if self.answer is not None:
            return self.answer.operation
        return self.about.rpartition(": ")[2] or self.actor


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that a schedule does to somebody: it fails, hangs, or leaves.

    Attributes:
        actor: Whose operation it was done to.
        outcome: What was done.
        leaves: Whether the actor went away, rather than that something failed.
        label: The operation, for people.
        began: Position at which it was done.
        over: Position after which it is over: the operation is through, and so are the
            initialisation and the request that it belonged to.
        released: Position at which the operation itself was through.
        given_up: Whether whoever waited for it had been cancelled by then.
        tenants: Whom it may legitimately concern; empty if nobody can tell.
        initialises: Whether the operation belonged to an initialiser's call.
    """

    actor: str
    outcome: str
    leaves: bool
    label: str
    began: int
    over: int
    released: int
    given_up: bool
    tenants: frozenset[int]
    initialises: bool

    def concerns(self, tenant: int | None) -> bool:
        """Whether a tenant may feel it."""
        return not self.tenants or tenant in self.tenants


@dataclass(frozen=True, slots=True)
class Schedule:
    """One schedule of a history.

    Attributes:
        begun: What it is.
        events: Its events, each with its position in the history.
        requests: In the order in which they came.
        faults: In the order in which they were done.
        ended: How it ended; None if that is not told.
        tenants: How many tenants there are when the app is started.
    """

    begun: Scheduled
    events: Sequence[tuple[int, Event]]
    requests: Sequence[Request]
    faults: Sequence[Fault]
    ended: ScheduleEnded | None
    tenants: int = 0

    @property
    def number(self) -> int:
        """Its number; also that of its boot."""
        return self.begun.schedule

    @property
    def lived(self) -> Sequence[tuple[int, Event]]:
        """Its events until it ended; what comes later is the end of its loop."""
        end = next(
            (at for at, one in self.events if isinstance(one, ScheduleEnded)), NEVER
        )
        return [(at, one) for at, one in self.events if at <= end]

    @property
    def name(self) -> str:
        """How it is called in a finding."""
        return f"scenario {self.begun.scenario}"

    def tenant_of(self, exchange: int) -> int | None:
        """Return for whom a request is made; None if for nobody."""
        found = (one.tenant for one in self.requests if one.exchange == exchange)
        return next(found, None) if exchange else None

    def request_of(self, exchange: int) -> Request | None:
        """Return the request of an exchange."""
        found = (one for one in self.requests if one.exchange == exchange)
        return next(found, None) if exchange else None

    def touched(self, request: Request) -> bool:
        """Whether somebody else may change what a request finds.

        What was over before it came is as it is alone, as long as no order could make
        a difference: if it was one and the same thing that was done, and nothing was
        done to those who did it.
        """
        others = [
            one
            for one in self.requests
            if one is not request
            and one.came <= request.ended
            and (one.tenant == request.tenant or one.tenant is None)
            and may_change(one)
        ]
        before = {one.about for one in others if one.ended < request.came}
        disturbed = {fault.actor for fault in self.faults}
        return len(before) > 1 or any(
            one.ended >= request.came or one.actor in disturbed for one in others
        )

    def passed(self, since: int, until: int) -> float:
        """Return how many seconds passed between two positions."""
        return sum(
            one.seconds
            for at, one in self.events
            if since < at < until and isinstance(one, Moved)
        )

    def actor_of(self, name: str) -> Request | None:
        """Return what an actor does."""
        return next((one for one in self.requests if one.actor == name), None)


def schedules_of(history: History) -> Iterator[Schedule]:
    """Yield the schedules of a history, in order; what precedes them is none."""
    part: list[tuple[int, Event]] = []
    begun: Scheduled | None = None
    tenants = {one.number: one.tenants for one in history.of(Boot)}
    for place in enumerate(history.events):
        if isinstance(place[1], Scheduled):
            if begun is not None:
                yield _schedule(begun, part, tenants)
            begun, part = place[1], []
        part.append(place)
    if begun is not None:
        yield _schedule(begun, part, tenants)


def _schedule(
    begun: Scheduled,
    events: Sequence[tuple[int, Event]],
    tenants: Mapping[int, int],
) -> Schedule:
    requests = tuple(_requests(events))
    ended = next((one for _, one in events if isinstance(one, ScheduleEnded)), None)
    faults = tuple(_faults(events, requests))
    known = tenants.get(begun.schedule, 0)
    return Schedule(begun, events, requests, faults, ended, known)


def _requests(events: Sequence[tuple[int, Event]]) -> Iterator[Request]:
    arrived: dict[str, int] = {}
    answers: dict[int, tuple[int, Exchange]] = {}
    expected: dict[str, int] = {}
    went: dict[str, int] = {}
    for at, event in events:
        if isinstance(event, ActorWent):
            went[event.actor] = at
        elif isinstance(event, Moved) and event.operation == ARRIVES:
            arrived[event.actor] = at
        elif isinstance(event, Exchange):
            answers[event.id] = (at, event)
        elif isinstance(event, Expected):
            expected[event.actor] = event.status
    for at, came in events:
        # What an operator does may take several requests, and have no id.
        if isinstance(came, ActorCame) and (
            came.exchange or came.role is ActorRole.OPERATOR
        ):
            without = went.get(came.actor, NEVER) if not came.exchange else NEVER
            ended, answer = answers.get(came.exchange, (without, None))
            began = at
            if arrived and came.role is not ActorRole.OPERATOR:
                began = max(at, arrived.get(came.actor, NEVER))
            yield Request(
                actor=came.actor,
                role=came.role,
                tenant=came.tenant,
                process=came.process,
                exchange=came.exchange,
                about=came.about,
                came=at,
                began=began,
                answer=answer,
                ended=ended,
                expected=expected.get(came.actor),
            )


def may_change(request: Request) -> bool:
    """Whether a request may have an effect, as far as its method tells."""
    if request.answer is not None:
        return request.answer.mutates
    reads = request.operation.startswith(("GET ", "HEAD ", "OPTIONS "))
    return not reads


def _faults(
    events: Sequence[tuple[int, Event]], requests: Sequence[Request]
) -> Iterator[Fault]:
    moves = [(at, one) for at, one in events if isinstance(one, Moved) and one.outcome]
    by_operation: dict[tuple[str, int, str], list[tuple[int, Moved]]] = defaultdict(
        list
    )
    for at, one in moves:
        by_operation[one.actor, one.sequence, one.outcome].append((at, one))
    by_actor = {one.actor: one for one in requests}
    for (actor, _, outcome), told in by_operation.items():
        leaves = outcome.startswith(_LEAVES) or any(
            one.movement is Movement.LEFT for _, one in told
        )
        if leaves and any(one.movement is Movement.FAILED for _, one in told):
            # Somebody else worked in its name, and was told of an error.
            leaves = False
        if not leaves and outcome not in FAILURES and not outcome.startswith(_LEAVES):
            continue
        yield _fault(events, by_actor.get(actor), told, leaves=leaves)


def _fault(
    events: Sequence[tuple[int, Event]],
    request: Request | None,
    told: Sequence[tuple[int, Moved]],
    *,
    leaves: bool,
) -> Fault:
    begun, first = told[0]
    through = [(at, one) for at, one in told if one.movement is not Movement.WENT]
    released = through[-1][0] if through else NEVER
    under_way = _under_way(events, begun, first)
    tenants = {tenant for tenant, _ in under_way.values()}
    if first.opening is not None:
        tenants.add(first.opening)
    ends = [released, *(end for _, end in under_way.values())]
    if request is not None:
        tenants |= {request.tenant} if request.tenant is not None else set()
        ends.append(request.ended)
    lasting = request is None or request.role is ActorRole.OPERATOR or not tenants
    return Fault(
        actor=first.actor,
        outcome=first.outcome,
        leaves=leaves,
        label=f"{first.operation} {first.label}".strip(),
        began=begun,
        over=NEVER if lasting and not under_way else max(ends),
        released=released,
        given_up=any(one.movement is Movement.CANCELLED for _, one in through),
        tenants=frozenset(tenants),
        initialises=bool(under_way),
    )


def _under_way(
    events: Iterable[tuple[int, Event]], position: int, move: Moved
) -> Mapping[tuple[str, int], tuple[int, int]]:
    """Return the calls of initialisers that an operation belongs to.

    They are those for the tenant whose resource it makes, or else those of its request.
    Each comes with its tenant, and with the position at which it is through.
    """
    open_calls: dict[tuple[str, int], tuple[int, int]] = {}
    for at, one in events:
        if not isinstance(one, Initialised) or one.tenant is None or not one.run:
            continue
        call = (one.what, one.run)
        if at < position:
            own = (
                one.exchange == move.exchange
                if move.opening is None
                else one.tenant == move.opening
            )
            if one.stage is Stage.BEGUN and own:
                open_calls[call] = (one.tenant, NEVER)
            elif one.stage in _ENDS:
                open_calls.pop(call, None)
        elif call in open_calls and one.stage in _ENDS:
            open_calls[call] = (one.tenant, min(at, open_calls[call][1]))
    return open_calls
