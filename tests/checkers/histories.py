"""Histories written by hand: a story is told exchange by exchange."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.model.canary import FIELD_BEACON, TOKEN_RATE
from harness.model.event import (
    Audience,
    BeaconSent,
    BootCalls,
    Channel,
    Declared,
    Destination,
    Egress,
    Event,
    Exchange,
    Found,
    Heard,
    LogLine,
    Scrape,
    Series,
    Unseen,
)
from harness.model.history import Field, History
from harness.model.scanner import Hit
from harness.model.step import Principal, Role

A, B, C = 0, 1, 2
SLUG, NAME, EMAIL, TITLE, TEXT, CODE = 1, 2, 3, 16, 17, 18
PASSWORD, KEY, URL = 4, 7, 19
FIELDS = {
    SLUG: Field(SLUG, "slug", names_tenant=True),
    NAME: Field(NAME, "name", names_tenant=True),
    EMAIL: Field(EMAIL, "email"),
    TITLE: Field(TITLE, "POST /documents body.title"),
    TEXT: Field(TEXT, "POST /documents body.text"),
    CODE: Field(CODE, "POST /documents body.code", operator=True),
    PASSWORD: Field(PASSWORD, "password"),
    KEY: Field(KEY, "provider key"),
    URL: Field(URL, "POST /webhooks body.url"),
}
LIST, READ = "GET /documents", "GET /documents/{id}"
CREATE, UPDATE = "POST /documents", "PUT /documents/{id}"
REMOVE = "DELETE /documents/{id}"
EVENTS, SOCKET = "GET /events", "WEBSOCKET /socket"
BEACON = 2**17 - 2

Pairs = Iterable[tuple[int, int]]
Slots = Mapping[str, int | None]


def hit(
    owner: int, field: int = TITLE, *, rate: float = TOKEN_RATE, form: str = "literal"
) -> Hit:
    return Hit(owner, field, form, rate, f"…{owner}.{field}…")


def body(*hits: Hit) -> tuple[Found, ...]:
    return tuple(Found(Channel.BODY, "", one) for one in hits)


def error(*hits: Hit) -> tuple[Found, ...]:
    return tuple(Found(Channel.ERROR, "", one) for one in hits)


def header(name: str, *hits: Hit) -> tuple[Found, ...]:
    return tuple(Found(Channel.HEADER, name, one) for one in hits)


def placed(where: str, *hits: Hit) -> tuple[Found, ...]:
    return tuple(Found(Channel.EGRESS, where, one) for one in hits)


def own(tenant: int) -> Principal:
    return Principal(tenant, tenant)


def at_the_door(credential: int, door: int) -> Principal:
    """A tenant's user, logged in at another tenant's door, asking there."""
    return Principal(credential, door, door=door)


def mixed(credential: int | None, selector: int | None) -> Principal:
    return Principal(credential, selector)


NOBODY = mixed(None, None)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the owner reads before or after a probe.

    Attributes:
        text: Stands for the whole answer: another text is another body.
    """

    found: tuple[Found, ...] = ()
    status: int = 200
    objects: int = -1
    text: str = ""


class Story:
    """Collects what happens; each method tells of one fact and returns it."""

    def __init__(
        self,
        *,
        knows: Mapping[int, Pairs] | None = None,
        labelled: Iterable[str] = (),
    ) -> None:
        self.events: list[Event] = []
        self._knows = {k: frozenset(pairs) for k, pairs in (knows or {}).items()}
        self._labelled = frozenset(labelled)
        self._ids = itertools.count(1)

    def history(self) -> History:
        return History(tuple(self.events), FIELDS, self._knows, self._labelled)

    def asks(
        self,
        who: Principal,
        operation: str = LIST,
        found: tuple[Found, ...] = (),
        *,
        role: Role = Role.CONTROL,
        audience: Audience = Audience.TENANT,
        owner: int | None = None,
        status: int = 200,
        failure: str = "",
        sent: Pairs = (),
        in_url: Pairs = (),
        objects: int = -1,
        text: str = "",
        precedes: int = 0,
        follows: int = 0,
        id_: int = 0,
    ) -> Exchange:
        """Somebody asks for something."""
        id_ = id_ or next(self._ids)
        exchange = Exchange(
            kind="exchange",
            id=id_,
            at=float(len(self.events)),
            operation=operation,
            audience=audience,
            mutates=not operation.startswith(("GET ", "HEAD ")),
            principal=who,
            role=role,
            owner=owner,
            precedes=precedes,
            follows=follows,
            request=operation.replace("{id}", "1"),
            sent=frozenset([*sent, *in_url]),
            sent_in_url=frozenset(in_url),
            status=status,
            failure=failure,
            found=found,
            digest=text.encode().hex()[:16].ljust(16, "0"),
            size=len(text),
            objects=objects,
            seconds=0.001,
        )
        self.events.append(exchange)
        return exchange

    def control(
        self,
        tenant: int,
        operation: str = LIST,
        found: tuple[Found, ...] = (),
        *,
        status: int = 200,
        sent: Pairs = (),
        role: Role = Role.CONTROL,
    ) -> Exchange:
        """A tenant does something with its own."""
        return self.asks(
            own(tenant),
            operation,
            found,
            owner=tenant,
            status=status,
            sent=sent,
            role=role,
        )

    def in_drought(
        self,
        tenant: int,
        starved: int,
        operation: str = LIST,
        found: tuple[Found, ...] = (),
        *,
        status: int = 200,
    ) -> Exchange:
        """A tenant asks for its own while somebody's key at the provider is used up."""
        asked = self.control(tenant, operation, found, status=status, role=Role.DROUGHT)
        self.events[-1] = replace(asked, starved=starved)
        return asked

    def probe(
        self,
        who: Principal,
        operation: str,
        found: tuple[Found, ...] = (),
        *,
        on: int | None = A,
        status: int = 200,
        sent: Pairs = (),
        audience: Audience = Audience.TENANT,
        around: Sequence[tuple[Reading, ...]] = (),
        between: int | None = None,
    ) -> Exchange:
        """Somebody else does something with a tenant's, which reads around it.

        Args:
            around: What the owner reads before and after, thing by thing; a
                third time where the first two differ.
            between: A tenant that changes something of its own meanwhile.
        """
        id_ = next(self._ids)
        for before, *_ in around:
            self._reread(on, before, precedes=id_)
        probe = self.asks(
            who,
            operation,
            found,
            role=Role.PROBE,
            audience=audience,
            owner=on,
            status=status,
            sent=sent,
            id_=id_,
        )
        if between is not None:
            self.control(between, UPDATE)
        for _, *afters in around:
            for after in afters:
                self._reread(on, after, follows=id_)
        return probe

    def _reread(
        self,
        owner: int | None,
        reading: Reading,
        *,
        precedes: int = 0,
        follows: int = 0,
    ) -> None:
        self.asks(
            Principal(owner, owner),
            LIST if reading.objects >= 0 else READ,
            reading.found,
            role=Role.REREAD,
            owner=owner,
            status=reading.status,
            objects=reading.objects,
            text=reading.text,
            precedes=precedes,
            follows=follows,
        )

    def listens(
        self,
        who: Principal,
        operation: str = EVENTS,
        *,
        role: Role = Role.CONTROL,
        owner: int | None = None,
        status: int = 200,
        audience: Audience = Audience.TENANT,
    ) -> Exchange:
        """Somebody opens a stream that goes on, or a socket."""
        if owner is None:
            owner = who.credential
        opening = self.asks(
            who, operation, role=role, owner=owner, status=status, audience=audience
        )
        socket = operation.startswith("WEBSOCKET ")
        opening = replace(
            opening,
            endless=True,
            through=Channel.SOCKET if socket else Channel.STREAM,
        )
        self.events[-1] = opening
        return opening

    def hears(
        self, listener: Exchange, *hits: Hit, during: Exchange | None = None
    ) -> Heard:
        """Something comes over what somebody listens to."""
        heard = Heard(
            kind="heard",
            at=float(len(self.events)),
            listener=listener.id,
            during=listener.id if during is None else during.id,
            channel=listener.through,
            size=10,
            hits=hits,
        )
        self.events.append(heard)
        return heard

    def scrapes(
        self, *series: Series, samples: int = 9, counted: float = 0.0, boot: int = 0
    ) -> Scrape:
        """The page of metrics is read."""
        read = self.asks(
            NOBODY,
            "GET /metrics",
            role=Role.PROVISION,
            audience=Audience.OPERATOR,
        )
        scrape = Scrape(
            "scrape", read.at, read.id, boot, samples, counted, tuple(series)
        )
        self.events.append(scrape)
        return scrape

    def logs(
        self,
        during: Exchange | int = 0,
        *hits: Hit,
        logger: str = "app",
        template: str = "done",
        slots: Slots | None = None,
        names: Iterable[int] = (),
    ) -> LogLine:
        """The app logs a line, during an exchange or outside of any."""
        line = LogLine(
            kind="log",
            at=float(len(self.events)),
            exchange=during if isinstance(during, int) else during.id,
            logger=logger,
            level="INFO",
            template=template,
            slots=tuple((slots or {}).items()),
            names=frozenset(names),
            hits=hits,
        )
        self.events.append(line)
        return line

    def boots(self, *calls: tuple[int | None, int], most: int = -1) -> None:
        """The app starts, having been told where the provider is."""
        self.events.append(BootCalls("boot calls", calls, most))

    def calls(
        self,
        key: int | None,
        during: Exchange | int = 0,
        *hits: Hit,
        where: str = "body",
    ) -> Egress:
        """The app calls the model provider, under a tenant's key or nobody's."""
        shown = () if key is None else (placed("x-api-key", hit(key, KEY)))
        return self._sends(
            Destination.PROVIDER,
            "POST /v1/messages",
            during,
            (*shown, *placed(where, *hits)),
            credentialed=() if key is None else (key,),
        )

    def posts(
        self,
        address: int | None,
        during: Exchange | int = 0,
        *hits: Hit,
        where: str = "body",
    ) -> Egress:
        """The app sends something to an address of a tenant's, or of nobody's."""
        url = () if address is None else placed("url", hit(address, URL))
        addressed = {one.hit.owner for one in url}
        if where == "url":
            addressed |= {one.owner for one in hits}
        return self._sends(
            Destination.SINK,
            "POST /hook",
            during,
            (*url, *placed(where, *hits)),
            addressed=addressed,
        )

    def _sends(
        self,
        destination: Destination,
        request: str,
        during: Exchange | int,
        found: tuple[Found, ...],
        *,
        addressed: Iterable[int] = (),
        credentialed: Iterable[int] = (),
    ) -> Egress:
        egress = Egress(
            kind="egress",
            at=float(len(self.events)),
            exchange=during if isinstance(during, int) else during.id,
            destination=destination,
            request=request,
            addressed=frozenset(addressed),
            credentialed=frozenset(credentialed),
            found=found,
        )
        self.events.append(egress)
        return egress

    def declares(
        self,
        operation: str,
        *,
        audience: Audience = Audience.TENANT,
        required: bool = True,
        skipped: str = "",
        channel: Channel = Channel.BODY,
    ) -> None:
        """The app offers an operation."""
        mutates = not operation.startswith(("GET ", "HEAD "))
        self.events.append(
            Declared(
                kind="declared",
                operation=operation,
                audience=audience,
                required=required,
                mutates=mutates,
                skipped=skipped,
                channel=channel,
            )
        )

    def sends_beacon(self, source: str = "stdout", *, nth: int = 0) -> None:
        """A beacon is put into a source of log lines."""
        self.events.append(BeaconSent("beacon", Channel.LOG, source, BEACON - nth))

    def beacon_arrives(self, *, nth: int = 0) -> None:
        """It comes out as a log line."""
        self.logs(0, hit(BEACON - nth, FIELD_BEACON), logger="harness.beacon")

    def misses(self, step: str, reason: str) -> None:
        """Something could not be seen or done."""
        self.events.append(Unseen("unseen", step, reason))
