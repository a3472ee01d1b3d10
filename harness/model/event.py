"""Events: the recorded facts that checkers judge by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from harness.model.boot import BootEvent
from harness.model.load import LoadEvent
from harness.model.race import RaceEvent
from harness.model.scanner import Hit
from harness.model.step import Principal, Role


class Channel(StrEnum):
    """Where something can come out."""

    BODY = "body"
    HEADER = "header"
    ERROR = "error"
    LOG = "log"
    STREAM = "stream"
    SOCKET = "socket"
    METRIC = "metric"
    FILE = "file"
    EGRESS = "egress"
    PROCESS = "process"
    """What a process opens and closes; no data comes out of it."""


ANSWERS = frozenset({Channel.BODY, Channel.STREAM, Channel.SOCKET, Channel.FILE})
"""Channels that bring whoever asks the content that it asked for."""


class Audience(StrEnum):
    """Whom an operation is meant for."""

    TENANT = "tenant"
    PUBLIC = "public"
    SHARED = "shared"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Found:
    """A canary that came out through a channel.

    Attributes:
        channel: HEADER; ERROR (the body of an answer >= 400); METRIC; EGRESS; else
            what the exchange went through: BODY, STREAM, SOCKET or FILE.
        where: The header's name, or the metric's; "" for content; ``url`` or
            ``body`` of a request that the app made.
        hit: What was found.
    """

    channel: Channel
    where: str
    hit: Hit


@dataclass(frozen=True, slots=True)
class Declared:
    """An operation that the app offers.

    Attributes:
        operation: Its key, ``"GET /documents/{document_id}"``.
        audience: Whom it is meant for.
        required: Whether the coverage floor counts it (it documents a success).
        mutates: Whether its method may change something.
        skipped: Why the exercise leaves it out; "" if it does not.
        channel: What its success is said to come through.
    """

    kind: Literal["declared"]
    operation: str
    audience: Audience
    required: bool
    mutates: bool
    skipped: str
    channel: Channel = Channel.BODY


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came back.

    Attributes:
        id: Number of the exchange, unique in its history, from 1.
        at: Seconds since the recording began.
        operation: Key of the operation.
        audience: Whom the operation is meant for.
        mutates: Whether its method may change something.
        principal: In whose name the request was made.
        role: Why it was made.
        owner: Whose objects the request named; None if none.
        precedes: Probe before which this exchange reads as the owner; 0 if none.
        follows: Probe after which this exchange reads as the owner; 0 if none.
        request: Method and path as sent, with canaries shown as ``<B.slug>``.
        sent: (owner, field) of the canaries that the request carried anywhere.
        sent_in_url: The subset of `sent` that its path or query carried.
        status: HTTP status; 0 when no answer came. Of a socket, 101 once it was
            accepted, and 403 where it was then closed by a code that refuses.
        failure: What happened instead of an answer; "" normally.
        found: Canaries in the answer.
        digest: SHA-256 (first 16 hex digits) of the body.
        size: Bytes of the body.
        objects: How many objects a list answered with; -1 where it is no list.
        seconds: From request to the end of the answer.
        through: What the answer came through: BODY, STREAM, SOCKET or FILE.
        endless: Whether it is a listener's opening: more came, or may have come,
            after this; see `Heard`.
        retry_after: Seconds after which a refusal asks to try again; 0 if it says none.
        starved: Tenant whose key at the model provider was used up meanwhile.
    """

    kind: Literal["exchange"]
    id: int
    at: float
    operation: str
    audience: Audience
    mutates: bool
    principal: Principal
    role: Role
    owner: int | None
    precedes: int
    follows: int
    request: str
    sent: frozenset[tuple[int, int]]
    sent_in_url: frozenset[tuple[int, int]]
    status: int
    failure: str
    found: tuple[Found, ...]
    digest: str
    size: int
    objects: int
    seconds: float
    through: Channel = Channel.BODY
    endless: bool = False
    starved: int | None = None
    retry_after: float = 0.0

    @property
    def succeeded(self) -> bool:
        """Whether the app did what was asked; to let a socket in is that too."""
        return 200 <= self.status < 300 or self.status == SWITCHED


SWITCHED = 101
"""Status of a socket that was accepted (RFC 6455)."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Something that came over a stream or a socket which stays open.

    Attributes:
        at: Seconds since the recording began.
        listener: Id of the exchange that opened it: who listens, to what.
        during: Id of the exchange that was made last when it came: most likely
            what caused it; 0 if there was none since the app started.
        channel: STREAM or SOCKET.
        size: Bytes of the message.
        hits: Canaries in it, or completed by it.
    """

    kind: Literal["heard"]
    at: float
    listener: int
    during: int
    channel: Channel
    size: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """A counter of a page of metrics that is labelled with a tenant.

    Attributes:
        metric: Its name.
        label: The label whose value names the tenant.
        others: The other labels, as one text, canaries masked.
        tenant: Index of the tenant.
        value: What it shows.
    """

    metric: str
    label: str
    others: str
    tenant: int
    value: float


@dataclass(frozen=True, slots=True)
class Scrape:
    """What a page of metrics showed, as Prometheus would read it.

    Attributes:
        at: Seconds since the recording began.
        exchange: Id of the exchange that fetched it; canaries are noted there.
        boot: Position of the record at which the app was started; counters of
            another start are other counters.
        samples: How many samples there were.
        counted: Sum of all counters.
        series: Counters that are labelled with a tenant.
    """

    kind: Literal["scrape"]
    at: float
    exchange: int
    boot: int
    samples: int
    counted: float
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that the app logged or printed.

    Attributes:
        at: Seconds since the recording began.
        exchange: Id of the exchange it belongs to; 0 outside of any.
        logger: Name of the logger, or ``stdout`` or ``stderr``.
        level: Name of the level; "" for printed lines.
        template: The message before its arguments, cut, canaries masked.
        slots: Structured keys of the line (record attributes, JSON keys, ``k=v``
            pairs) and the index of the tenant whose name each holds, or None.
        names: Tenants named anywhere in the line.
        hits: Canaries in the line.
    """

    kind: Literal["log"]
    at: float
    exchange: int
    logger: str
    level: str
    template: str
    slots: tuple[tuple[str, int | None], ...]
    names: frozenset[int]
    hits: tuple[Hit, ...]


class Destination(StrEnum):
    """Where a request that the app made went to."""

    PROVIDER = "provider"
    SINK = "sink"


@dataclass(frozen=True, slots=True)
class Egress:
    """A request that the app made to the outside.

    Address and credential say of themselves whose they are, if they hold a canary: a
    webhook's URL that a tenant set, the key of a tenant at the model provider.

    Attributes:
        at: Seconds since the recording began.
        exchange: Id of the one exchange that was being served when it came; 0 if
            there was none, or several.
        destination: What it went to.
        request: Method and target as sent, with canaries shown as ``<B.slug>``.
        addressed: Tenants whose canaries its path or query carries; `STRANGER` if
            somebody without a credential set it.
        credentialed: Tenants whose canaries the headers carry that authenticate.
        found: Canaries anywhere in it.
        retry: How often the same call had been tried before, as far as it says.
    """

    kind: Literal["egress"]
    at: float
    exchange: int
    destination: Destination
    request: str
    addressed: frozenset[int]
    credentialed: frozenset[int]
    found: tuple[Found, ...]
    retry: int = 0

    @property
    def receivers(self) -> frozenset[int]:
        """The tenants that receive it; none where it is nobody's in particular.

        At the provider the key decides, elsewhere the address before it.
        """
        if self.destination is Destination.PROVIDER:
            return self.credentialed
        return self.addressed or self.credentialed


@dataclass(frozen=True, slots=True)
class BootCalls:
    """How often the app called the model provider until it was ready.

    Attributes:
        calls: Tenants whose keys were used, with the number of calls; what was
            tried again is not counted twice. None stands for keys of nobody's.
        most: How often at most with one key, all processes together; -1 where the
            target does not say.
    """

    kind: Literal["boot calls"]
    calls: tuple[tuple[int | None, int], ...]
    most: int = -1


@dataclass(frozen=True, slots=True)
class BeaconSent:
    """A beacon was put in at the far end of a channel's source.

    Attributes:
        channel: The channel it should come out of.
        source: Which part of it: a logger's name, ``stdout``, ``stderr``.
        owner: Index in the field-0 canary that was sent; tells beacons apart.
    """

    kind: Literal["beacon"]
    channel: Channel
    source: str
    owner: int


@dataclass(frozen=True, slots=True)
class Unseen:
    """Something that the run could not see or do; makes it inconclusive.

    Attributes:
        step: What was being done, such as ``log in tenant B``.
        reason: Why it could not.
    """

    kind: Literal["unseen"]
    step: str
    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something a reader should know; changes no verdict."""

    kind: Literal["note"]
    text: str


Event = (
    Declared
    | Exchange
    | Heard
    | Scrape
    | LogLine
    | Egress
    | BootCalls
    | BeaconSent
    | Unseen
    | Note
    | BootEvent
    | LoadEvent
    | RaceEvent
)
