"""Events of a start: what an app opened, when it was ready, what it left behind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Phase(StrEnum):
    """How far a process of the app has come, in this order."""

    SPAWNED = "spawned"
    """The parent started it."""
    RUNNING = "running"
    """The interpreter is up, and the app is about to be imported."""
    IMPORTED = "imported"
    STARTED = "started"
    """The lifespan's start-up is through."""
    LISTENING = "listening"
    """A connection to it is accepted."""
    READY = "ready"
    """It said so itself, on the path that the target names."""
    SERVED = "served"
    """Each tenant has had its first success, or given up."""
    STOPPED = "stopped"
    """The lifespan's shutdown is through; the process is still there."""


class Stage(StrEnum):
    """What has become of an attempt to initialise something."""

    BEGUN = "begun"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"
    CLOSING = "closing"
    CLOSED = "closed"


class Condition(StrEnum):
    """What was to be said of a resource when it was used."""

    OPENING = "opening"
    """The call that makes it is not through yet."""
    READY = "ready"
    ABANDONED = "abandoned"
    """The call that made it failed, or was cancelled."""
    CLOSED = "closed"
    """It is closed, or lets nobody in any more."""
    TORN = "torn"
    """Somebody else closed it amid this use."""


@dataclass(frozen=True, slots=True)
class Boot:
    """The app is about to be started.

    Attributes:
        at: Seconds since the recording began, as in each event.
        number: Of the boot, from 1.
        strategy: Name of the start-up strategy.
        tenants: How many tenants there are.
        trial: Which of the boots that are alike, from 1.
        workers: Processes.
        planned: Most connections by the target's own account; 0 where it gives none.
    """

    kind: Literal["boot"]
    at: float
    number: int
    strategy: str
    tenants: int
    trial: int
    workers: int
    planned: int = 0


@dataclass(frozen=True, slots=True)
class Reached:
    """A process of the app has come to a phase.

    Attributes:
        boot: Number of the boot.
        worker: Number of the process, from 1; 0 for all of them together.
        phase: What it has reached.
        memory: Most bytes that it had resident so far; 0 where nobody knows.
    """

    kind: Literal["reached"]
    at: float
    boot: int
    worker: int
    phase: Phase
    memory: int = 0


@dataclass(frozen=True, slots=True)
class Watching:
    """A function of the app's that initialises tenants' resources will be watched.

    Attributes:
        what: Import string of the function.
        awaited: Whether a request of a tenant has to wait until it is through.
        again: Whether it may be called for a tenant though it was through before.
        exclusive: Whether it must not begin before what it replaces is closed.
    """

    kind: Literal["watching"]
    what: str
    awaited: bool
    again: bool = False
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class Initialised:
    """Something of the app's that initialises a tenant's resource was called.

    Attributes:
        boot: Number of the boot.
        worker: Number of the process.
        what: Import string of the function.
        run: Tells its calls apart, in that process; 0 where a resource is closed by
            another function.
        stage: What became of the call so far.
        tenant: Whose resource; None if it belongs to no known tenant.
        key: What the call said for the tenant, where that names nobody.
        exchange: Id of the request that it was called in; 0 outside of any.
        closes: Whether its end would be told of, too.
        detail: The error of a failure; "" otherwise.
    """

    kind: Literal["initialised"]
    at: float
    boot: int
    worker: int
    what: str
    run: int
    stage: Stage
    tenant: int | None
    key: str = ""
    exchange: int = 0
    closes: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Used:
    """The app used a pool or a connection that was opened for one tenant.

    What is like another use of the same exchange is told once. Of pools that were
    opened for nobody, only that one is told of which was closed.

    Attributes:
        boot: Number of the boot.
        worker: Number of the process.
        exchange: Id of the request in which it was used; 0 outside of any.
        what: Import string of the initialiser that it was opened in; "" if in none.
        run: The initialiser's call; 0 without.
        tenant: Whose it is; None if it belongs to no known tenant.
        state: What was to be said of it then.
        resource: Tells resources apart, in that process.
        form: ``pool`` or ``connection``.
        during: For whom an initialiser, or what closes its resource, was running that
            used it; None outside of any.
    """

    kind: Literal["used"]
    at: float
    boot: int
    worker: int
    exchange: int
    what: str
    run: int
    tenant: int | None
    state: Condition
    resource: int = 0
    form: str = "pool"
    during: int | None = None


@dataclass(frozen=True, slots=True)
class Connected:
    """The app opened or closed a connection to Postgres.

    Attributes:
        boot: Number of the boot.
        worker: Number of the process.
        backend: Process id of the server's end.
        open: Whether it was opened; else it was closed.
        tenant: Whose resource was being initialised when it was opened; None if
            nobody's.
        where: File and line of the app's code that opened it, as far as it is known.
    """

    kind: Literal["connected"]
    at: float
    boot: int
    worker: int
    backend: int
    open: bool
    tenant: int | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A tenant has had its first success after a start, or has given up.

    Attributes:
        boot: Number of the boot.
        tenant: Index of the tenant.
        operation: What it asked for.
        seconds: From when it first asked.
        attempts: How often it asked.
        failure: Why it gave up; "" if it was served.
    """

    kind: Literal["arrival"]
    at: float
    boot: int
    tenant: int
    operation: str
    seconds: float
    attempts: int
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many connections to Postgres a start took.

    Attributes:
        boot: Number of the boot.
        most: Most that the server was seen to have at once.
        looks: How often somebody looked.
    """

    kind: Literal["crowd"]
    at: float
    boot: int
    most: int
    looks: int


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """A connection to Postgres that was still there after the app's shutdown.

    Attributes:
        boot: Number of the boot.
        backend: Process id of the server's end.
        user: Role that it had logged in as.
        application: How it called itself.
        state: ``idle``, ``active``, ``idle in transaction``, …
        query: How its last statement began.
    """

    kind: Literal["left"]
    at: float
    boot: int
    backend: int
    user: str
    application: str
    state: str
    query: str


@dataclass(frozen=True, slots=True)
class ProviderCalls:
    """How often the model provider was called while the app started.

    Attributes:
        boot: Number of the boot.
        tenant: Whose key was used; None for a key that is nobody's.
        calls: How often, until each tenant was served.
        most: How often at most by the target's own account; -1 where it gives none.
    """

    kind: Literal["provider"]
    at: float
    boot: int
    tenant: int | None
    calls: int
    most: int = -1


BootEvent = (
    Watching
    | Boot
    | Reached
    | Initialised
    | Used
    | Connected
    | Arrival
    | Crowd
    | LeftOpen
    | ProviderCalls
)
