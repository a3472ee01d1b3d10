"""An app that keeps its tenants apart by construction, and what is seen of it.

It is pure: per tenant a shelf of documents, counted from 1 in each, so that ids
mean something everywhere. A `Move` is one thing that somebody does; `Simulation`
makes moves and tells a `Story` of them. At one move, its fault, the app forgets to
look at who asks.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.checkers.who import CHANCE
from harness.model.event import Audience, Exchange, Found
from harness.model.step import Principal, Role
from harness.model.tenant import STRANGER
from tests.checkers.histories import (
    CREATE,
    EMAIL,
    LIST,
    NAME,
    READ,
    REMOVE,
    SLUG,
    TEXT,
    TITLE,
    UPDATE,
    A,
    B,
    C,
    Pairs,
    Reading,
    Story,
    body,
    error,
    hit,
    own,
)

TENANTS = (A, B, C)
OPERATIONS = (CREATE, LIST, READ, UPDATE, REMOVE)
KNOWS: dict[int, Pairs] = {C: [(A, SLUG)]}
FIRST = 1
"""Id of the document that each tenant has from the start."""

Values = frozenset[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Move:
    """Somebody does something with a tenant's document.

    Attributes:
        doubtful: Whether the answer also holds something that chance explains.
    """

    operation: str
    who: Principal
    owner: int
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What the app says."""

    status: int
    found: tuple[Found, ...] = ()
    objects: int = -1


class Simulation:
    """Makes moves on the app.

    Args:
        fault: Number of the move at which the app serves the owner's documents
            to whoever asks; -1 for an app without a fault.
    """

    def __init__(self, *, fault: int = -1) -> None:
        self.story = Story(knows=KNOWS, labelled=("app",))
        self._fault = fault
        self._shelves: dict[int, dict[int, Values]] = {one: {} for one in TENANTS}
        self.listeners = {one: self.story.listens(own(one)) for one in TENANTS}
        for tenant in TENANTS:
            self._begin(tenant)

    def _begin(self, tenant: int) -> None:
        """Bring a tenant about, log it in, and read each thing as its owner."""
        names = body(*(hit(one, NAME) for one in TENANTS[: tenant + 1]))
        for role, operation in (
            (Role.PROVISION, "POST /admin/tenants"),
            (Role.LOGIN, "POST /token"),
        ):
            audience = Audience.OPERATOR if role is Role.PROVISION else Audience.TENANT
            found = names if role is Role.PROVISION else ()
            sent = [(tenant, SLUG), (tenant, EMAIL)]
            self.story.asks(
                own(tenant), operation, found, role=role, audience=audience, sent=sent
            )
        for operation in (CREATE, LIST, READ, UPDATE):
            self.make(-2, Move(operation, own(tenant), tenant))

    def make(self, number: int, move: Move) -> Exchange:
        """Make a move, with the owner's readings around a stranger's."""
        probing = move.who.credential != move.owner
        author = move.who.credential
        author = STRANGER if author is None else author
        writes = move.operation in (CREATE, UPDATE)
        sent = [(author, TITLE), (author, TEXT)] if writes else []
        before = self._readings(move.owner)
        answer = self._serve(move, faulty=number == self._fault)
        found = answer.found
        if move.doubtful:
            found += body(hit(self._other(move), rate=2 * CHANCE))
        exchange = self._asked(move, answer, found, sent, before, probing=probing)
        if number != self._fault:
            self._told(exchange, move, answer)
        self._logged(exchange, move)
        self._sent_out(exchange, move, answer)
        return exchange

    def _asked(
        self,
        move: Move,
        answer: Answer,
        found: tuple[Found, ...],
        sent: Pairs,
        before: tuple[Reading, Reading],
        *,
        probing: bool,
    ) -> Exchange:
        if not probing:
            return self.story.asks(
                move.who,
                move.operation,
                found,
                owner=move.owner,
                status=answer.status,
                sent=sent,
                objects=answer.objects,
            )
        after = self._readings(move.owner)
        pairs = list(zip(before, after, after, strict=True))
        around = pairs if move.operation in (CREATE, UPDATE, REMOVE) else []
        return self.story.probe(
            move.who,
            move.operation,
            found,
            on=move.owner,
            status=answer.status,
            sent=sent,
            around=around,
        )

    def _serve(self, move: Move, *, faulty: bool) -> Answer:
        who = move.who
        if faulty:
            return self._act(move, move.owner)
        if who.selector is None:
            return Answer(404)
        if who.credential != who.selector:
            return Answer(403, error(hit(who.selector, NAME), hit(who.selector, SLUG)))
        return self._act(move, who.selector)

    def _act(self, move: Move, tenant: int) -> Answer:
        author = move.who.credential
        author = STRANGER if author is None else author
        shelf = self._shelves[tenant]
        written: Values = frozenset({(author, TITLE), (author, TEXT)})
        if move.operation == CREATE:
            shelf[max(shelf, default=0) + 1] = written
            return Answer(201, _shown(written))
        if move.operation == LIST:
            return Answer(200, self._listed(tenant), len(shelf))
        if FIRST not in shelf:
            return Answer(404)
        if move.operation == UPDATE:
            shelf[FIRST] = written
        gone = shelf.pop(FIRST) if move.operation == REMOVE else shelf[FIRST]
        return Answer(200, _shown(gone))

    def _listed(self, tenant: int) -> tuple[Found, ...]:
        values = [value for one in self._shelves[tenant].values() for value in one]
        # A hostile tenant's name holds another's slug.
        names = [(tenant, NAME), *KNOWS.get(tenant, ())]
        return _shown(frozenset([*values, *names]))

    def _readings(self, tenant: int) -> tuple[Reading, Reading]:
        shelf = self._shelves[tenant]
        item = Reading(status=404)
        if FIRST in shelf:
            item = Reading(_shown(shelf[FIRST]), text=str(sorted(shelf[FIRST])))
        text = str(sorted(shelf))
        return Reading(self._listed(tenant), objects=len(shelf), text=text), item

    def _told(self, exchange: Exchange, move: Move, answer: Answer) -> None:
        """Tell the tenant whose documents changed, and nobody else."""
        tenant = move.who.selector
        changed = move.operation in (CREATE, UPDATE, REMOVE) and answer.status < 300
        if not changed or tenant is None:
            return
        hits = [found.hit for found in answer.found]
        self.story.hears(self.listeners[tenant], *hits, during=exchange)

    def _logged(self, exchange: Exchange, move: Move) -> None:
        """Log a line before the tenant is known, one with it, and a beacon."""
        tenant = move.who.selector
        self.story.logs(exchange, logger="uvicorn", template="began")
        if tenant is not None:
            names = frozenset({tenant})
            slots = {"tenant": tenant, "user": None}
            self.story.logs(exchange, hit(tenant, SLUG), slots=slots, names=names)

    def _sent_out(self, exchange: Exchange, move: Move, answer: Answer) -> None:
        """Call the provider and the tenant's webhook with what the answer says."""
        tenant = move.who.credential
        if tenant is None or not move.who.whole or answer.status >= 400:
            return
        data = [found.hit for found in answer.found]
        self.story.calls(tenant, exchange, hit(tenant, NAME), *data)
        self.story.posts(tenant, exchange, *data)
        # Late, in whosever time that is.
        self.story.posts(tenant, 0, *data)

    def _other(self, move: Move) -> int:
        return next(one for one in TENANTS if one != move.who.credential)


def _shown(values: Values) -> tuple[Found, ...]:
    return body(*(hit(*value) for value in sorted(values)))
