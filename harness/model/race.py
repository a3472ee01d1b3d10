"""Events of a schedule: who acted, what went ahead of what, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Ending(StrEnum):
    """How a schedule ended."""

    ENDED = "ended"
    """All that the scenario started is through."""
    DEADLOCK = "deadlock"
    """Nothing can run any more, and somebody waits."""
    ENDLESS = "endless"
    """It took more steps than a schedule may."""
    STUCK = "stuck"
    """It waits for something that is not under control."""


class ActorRole(StrEnum):
    """What an actor is to the app."""

    LIFESPAN = "lifespan"
    REQUEST = "request"
    OPERATOR = "operator"
    SCENARIO = "scenario"


def lifespan_of(process: int) -> str:
    """Return the name of the actor that a process' lifespan is; processes from 1."""
    name = ActorRole.LIFESPAN.value
    return name if process == 1 else f"{name} {process}"


class Movement(StrEnum):
    """What became of an operation, or of the actor amid it."""

    WENT = "went"
    """It was sent."""
    CAME = "came"
    """Its answer was delivered."""
    FAILED = "failed"
    """It ended with an error."""
    CANCELLED = "cancelled"
    """Whoever waited for it was cancelled."""
    LEFT = "left"
    """The actor went away amid it."""
    CLOCK = "clock"
    """The clock was set forward: nothing else could go on, or a choice wanted it."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """A choice that is not what first-come-first-served would have taken.

    Attributes:
        actor: Whose operation was taken.
        sequence: Operations of that actor that were parked before it.
        outcome: What became of it; "" if it only went earlier.
        text: For people.
    """

    actor: str
    sequence: int
    outcome: str
    text: str


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A schedule begins; the events up to its `ScheduleEnded` belong to it.

    A `Boot` of the same number comes with it, so that what is said of boots holds.

    Attributes:
        at: Seconds since the recording began, as in each event.
        schedule: Its number, from 1; also that of the boot.
        scenario: Name of the scenario.
        strategy: What chose it: ``first come``, ``deviations``, ``pct 2``, …
        faults: Whether failures, cancellations or a client that leaves are in it.
        ready: Path that says whether the app is ready; "" if it is once it listens.
    """

    kind: Literal["scheduled"]
    at: float
    schedule: int
    scenario: str
    strategy: str
    faults: bool = False
    ready: str = ""


@dataclass(frozen=True, slots=True)
class ActorCame:
    """Somebody begins to act in a schedule.

    Attributes:
        schedule: Number of the schedule.
        actor: Name, unique in the schedule and the same in each of its scenario.
        role: What it is to the app.
        tenant: For whom it acts; None if for nobody in particular.
        exchange: Id of the exchange, if it is a request; else 0.
        about: What it does, for people.
        process: Which of the app's processes it asks, or is, from 1.
    """

    kind: Literal["actor"]
    at: float
    schedule: int
    actor: str
    role: ActorRole
    tenant: int | None
    exchange: int
    about: str
    process: int = 1


@dataclass(frozen=True, slots=True)
class ActorWent:
    """What somebody does in a schedule is through.

    Attributes:
        schedule: Number of the schedule.
        actor: Name, as in its `ActorCame`.
    """

    kind: Literal["actor went"]
    at: float
    schedule: int
    actor: str


@dataclass(frozen=True, slots=True)
class Moved:
    """An operation went ahead, or something became of it.

    Attributes:
        schedule: Number of the schedule.
        actor: Whose operation.
        sequence: Operations of this actor that were parked before.
        operation: Its kind: ``query``, ``connect``, ``arrive``, …
        label: For people; canaries masked.
        movement: What became of it.
        outcome: What the schedule chose for it; "" if it goes ahead as it is.
        deviates: Whether first-come-first-served would have taken another.
        exchange: Id of the request that it belongs to; 0 outside of any.
        opening: Tenant whose resource is being initialised by it; None if nobody's.
        lane: What the operation is ordered by: the actor, or what it makes ready.
        seconds: That passed, if the clock was set forward.
    """

    kind: Literal["moved"]
    at: float
    schedule: int
    actor: str
    sequence: int
    operation: str
    label: str
    movement: Movement
    outcome: str = ""
    deviates: bool = False
    exchange: int = 0
    opening: int | None = None
    lane: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Expected:
    """How a request of a scenario ends if nobody interferes.

    Taken from a schedule in which one request after the other is served.

    Attributes:
        schedule: Number of the schedule that it is compared with.
        actor: Name of the request's actor.
        status: HTTP status.
        raises: Whether the app raises once its answer is whole.
    """

    kind: Literal["expected"]
    schedule: int
    actor: str
    status: int
    raises: bool = False


@dataclass(frozen=True, slots=True)
class RaisedLate:
    """The app raised once a request's answer was whole; its client does not know.

    That it was cancelled is not told.

    Attributes:
        schedule: Number of the schedule.
        exchange: Id of the request; its `Exchange` may come later.
        error: Class and message on one line; canaries masked.
    """

    kind: Literal["raised late"]
    at: float
    schedule: int
    exchange: int
    error: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who still waits when a schedule ends.

    Attributes:
        actor: Who.
        what: For what, as far as it is known.
        stack: Innermost lines of the app's code, innermost first.
    """

    actor: str
    what: str
    stack: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScheduleEnded:
    """A schedule is over, and the app with it.

    Attributes:
        schedule: Number of the schedule.
        ending: How it ended.
        waiting: Who still waited, unless it ended well.
        deviations: What was chosen otherwise than first-come-first-served.
        choices: How many choices there were.
        operations: How many operations went ahead.
        uncontrolled: What woke somebody up without being under control, one line each.
        digest: Of what was taken at each choice; two runs of one schedule are alike.
        failure: Why the app's start-up or shutdown failed; "" if neither did.
    """

    kind: Literal["schedule ended"]
    at: float
    schedule: int
    ending: Ending
    waiting: tuple[Waiting, ...]
    deviations: tuple[Deviation, ...]
    choices: int
    operations: int
    uncontrolled: tuple[str, ...]
    digest: str
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Saw:
    """Somebody read something of which there are generations: a flag, a setting.

    It began when its request reached the app, and ended with its `Exchange`; what takes
    several requests began when its actor came, and ended when that went.

    Attributes:
        schedule: Number of the schedule.
        exchange: Id of the request; 0 if it took several.
        tenant: Whose it is.
        subject: What was read; the same text for whoever reads or writes it.
        generation: Which of the values that were written; 0 for the one before them.
        fresh: Whether the app promises to show what was written before.
        actor: Who read it, where that is no single request.
    """

    kind: Literal["saw"]
    at: float
    schedule: int
    exchange: int
    tenant: int
    subject: str
    generation: int
    fresh: bool = False
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Wrote:
    """Somebody wrote a generation of something, and was told that it was written.

    It began and was acknowledged as what is told by `Saw`.

    Attributes:
        schedule: Number of the schedule.
        exchange: Id of the request; 0 if it took several.
        tenant: Whose it is.
        subject: What was written.
        generation: Higher than those that were written before.
        actor: Who wrote it, where that is no single request.
    """

    kind: Literal["wrote"]
    at: float
    schedule: int
    exchange: int
    tenant: int
    subject: str
    generation: int
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """The app said that it is ready, and which tenants it counts.

    Attributes:
        schedule: Number of the schedule.
        exchange: Id of the request that asked; its `Exchange` comes before.
        tenants: How many it counts; -1 if it does not say.
        named: Which; empty if it does not say.
    """

    kind: Literal["counted"]
    at: float
    schedule: int
    exchange: int
    tenants: int
    named: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Removed:
    """A tenant has been removed for good, and whoever asked for it was told so.

    Attributes:
        schedule: Number of the schedule.
        tenant: Whom the app need not know any more.
    """

    kind: Literal["removed"]
    at: float
    schedule: int
    tenant: int


@dataclass(frozen=True, slots=True)
class Rested:
    """The app has come to rest, and is about to be stopped.

    Nobody asks for anything any more, and time has passed in which it could close what
    nobody needs.

    Attributes:
        schedule: Number of the schedule.
    """

    kind: Literal["rested"]
    at: float
    schedule: int


@dataclass(frozen=True, slots=True)
class Keeps:
    """How many resources of a tenant's a process has open if nobody interferes.

    Taken from the rest of a schedule in which one request after the other is served.

    Attributes:
        schedule: Number of the schedule that it is compared with.
        what: Import string of the initialiser.
        tenant: Whose they are.
        count: How many of them.
        worker: Number of the process, from 1.
    """

    kind: Literal["keeps"]
    schedule: int
    what: str
    tenant: int
    count: int
    worker: int = 1


class FlowEnding(StrEnum):
    """How a stream, or a socket, ended that was open when the app was stopped."""

    ENDED = "ended"
    """The app ended it."""
    CUT = "cut off"
    """The server cancelled what served it, and that was then through."""
    REFUSED = "refused"
    """The server refused a socket that the app had not let in yet."""
    OUTLIVED = "outlived"
    """What serves it went on after the shutdown, though it was cancelled."""


@dataclass(frozen=True, slots=True)
class FlowEnded:
    """What became of a stream or socket that was open when the app was stopped.

    Attributes:
        schedule: Number of the schedule.
        exchange: Id of the request that opened it.
        ending: How it ended.
    """

    kind: Literal["flow ended"]
    at: float
    schedule: int
    exchange: int
    ending: FlowEnding


RaceEvent = (
    Scheduled
    | ActorCame
    | ActorWent
    | Moved
    | Expected
    | RaisedLate
    | ScheduleEnded
    | Saw
    | Wrote
    | Counted
    | Removed
    | Rested
    | Keeps
    | FlowEnded
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a diagram: what one actor did while the others waited.

    Attributes:
        actor: Who.
        text: What became of which operation.
        movement: Kind of it.
        deviates: Whether first-come-first-served would have had another go.
    """

    actor: str
    text: str
    movement: Movement
    deviates: bool = False


@dataclass(frozen=True, slots=True)
class Interleaving:
    """The order of events that shows a finding.

    Attributes:
        scenario: Name of the scenario.
        token: What `harness replay` makes it again with.
        actors: Who took part, and what each did, in the order in which they came.
        lines: What happened, in its order.
        deviations: What had to be otherwise than first-come-first-served.
        minimal: Whether each deviation and each request is needed.
        granularity: Of what the order is, if not of operations; "" if of these.
    """

    scenario: str
    token: str
    actors: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    deviations: tuple[str, ...]
    minimal: bool
    granularity: str = ""
