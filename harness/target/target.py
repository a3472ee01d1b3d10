"""A target: the app under test and how to talk to it."""

from __future__ import annotations

import fnmatch
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from harness.model.event import Audience
from harness.target.checks import check
from harness.target.connections import ConnectionPlan
from harness.target.generations import Generations
from harness.target.initialiser import Initialiser
from harness.target.selector import HostSelector
from harness.target.variant import Variant

if TYPE_CHECKING:
    from harness.model.tenant import Tenant
    from harness.target.login import Login
    from harness.target.operation import Operation
    from harness.target.selector import Selector
    from harness.target.socket import Socket
    from harness.target.tools import Answer, Tools

Provision = Callable[["Tools", "Tenant"], Awaitable[Mapping[str, object] | None]]
ProvisionMany = Callable[
    ["Tools", Sequence["Tenant"]],
    Awaitable[Sequence[Mapping[str, object] | None] | None],
]
FreshHook = Callable[[str], Awaitable[None]]
Action = Callable[["Tools", "Tenant"], Awaitable[None]]
ReadyTenants = Callable[["Answer"], int | Collection[str] | None]

__all__ = [
    "Action",
    "FreshHook",
    "Provision",
    "ProvisionMany",
    "ReadyTenants",
    "Target",
    "Variant",
    "matches",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The app under test and how to talk to it.

    Attributes:
        app: ``"package.module:attribute"`` of the ASGI app or of a factory that
            takes no arguments. Either this or `url`.
        url: Where the app runs already. Logs cannot be watched then.
        environment: Variables to set before the app is imported; ``{dsn}``,
            ``{host}``, ``{port}``, ``{user}``, ``{password}`` and ``{database}``
            are those of the run's own database, ``{provider_url}`` is the run's model
            provider and ``{sink_url}`` what records webhooks.
        provision: ``async def provision(tools, tenant)``: makes a tenant and its
            user exist; what it returns becomes facts of the tenant (its id, an
            API key) that the templates of selectors and logins can name.
        provision_many: ``async def provision_many(tools, tenants)``: the same for
            many tenants at once, in their order; for worlds of more than 26. Without
            it `provision` is awaited for several tenants at a time.
        selector: How a request says which tenant it is for.
        login: How the tenant's user authenticates; None if nobody does.
        domain: Template of a tenant's domain; only ``{slug}`` is known yet.
        public: Operations for anybody, ``"/health"``, ``"GET /plans*"``.
        shared: Operations whose data belong to all tenants on purpose.
        operator: Operations for the operator of the service.
        skip: Operations to leave out; each is listed as not covered.
        openapi: Path of the OpenAPI document in the app; "" if it has none.
        operations: Operations that the document is silent about; one of the same
            method and path takes the place of the document's.
        sockets: WebSockets, which the document cannot describe.
        metrics: Path of the page that Prometheus reads; "" if there is none. It is
            read as the operator reads it, and no tenant is tried on it.
        metrics_headers: Headers to read it with.
        labelled_loggers: Loggers whose every line of a request names the tenant.
        operator_fields: Fields that logs may show: ``"email"``, or a place such
            as ``"POST /documents body.title"``.
        fresh: How the state is set back: ``delete`` (put the rows and sequences
            back; the quickest, needs a superuser), ``template`` (clone the whole
            database; cuts its connections), ``keep`` (not at all, and the app is
            never restarted: for a `url` without a hook, and for apps that keep
            their state in memory), or a hook that gets the DSN.
        databases: How the app calls databases that it makes beside the run's own, such
            as ``"shop_*"``. What appears during a run and is called so is set back, and
            dropped at the end; needed only on a server that others use, too.
        reimport: Packages to import afresh at each start.
        startup_timeout: Seconds until the app must be ready.
        shutdown_timeout: Seconds until it must be gone.
        hostile_names: Whether some tenants get names with quotes and commas.
        variants: Variants of the app by name.
        strategies: Ways in which the app can start, by name, each with the variables
            that choose it, besides those of `environment`.
        ready: Path that answers 2xx once the app is ready; "" if listening is all.
        ready_tenants: What such an answer says of tenants: ``lambda answer:
            answer.json()["tenants"]``. It returns how many are ready, or the slugs of
            those that are, or None if this answer does not say. Without it, an app
            that says it is ready is so for all it knows, but those whose resources
            failed.
        initialisers: Functions of the app that make a tenant's resource ready.
        connections: Most connections to Postgres that it may take; where that depends
            on the strategy, one account for each.
        provider_calls: Most calls of the model provider that a start makes with one
            tenant's key, in each process; None if that is no matter.
        actions: What an operator can do to a tenant while the app runs, by name:
            ``async def offboard(tools, tenant)``. The scenarios that come along know
            ``onboard``, ``offboard``, ``reload``, ``evict``, ``move domain`` and
            ``rotate keys``.
        generations: What is written and read of a tenant, by name. The scenarios that
            come along know ``flags``, ``configuration``, ``keys``, ``domain``, and
            ``trail``, which is what the app notes of what was done.
        idle: Variables with which the app gives up what of a tenant nobody has used for
            a second, for the scenarios of that; empty if it never does.
    """

    app: str = ""
    url: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    provision: Provision
    provision_many: ProvisionMany | None = None
    selector: Selector = field(default_factory=HostSelector)
    login: Login | None = None
    domain: str = "{slug}.example.com"
    public: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    operator: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    openapi: str = "/openapi.json"
    operations: tuple[Operation, ...] = ()
    sockets: tuple[Socket, ...] = ()
    metrics: str = ""
    metrics_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    labelled_loggers: tuple[str, ...] = ()
    operator_fields: tuple[str, ...] = ()
    fresh: Literal["delete", "template", "keep"] | FreshHook = "delete"
    databases: tuple[str, ...] = ()
    reimport: tuple[str, ...] = ()
    startup_timeout: float = 30.0
    shutdown_timeout: float = 10.0
    hostile_names: bool = True
    variants: Mapping[str, Variant] = field(default_factory=dict)
    strategies: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    ready: str = ""
    ready_tenants: ReadyTenants | None = None
    initialisers: tuple[Initialiser, ...] = ()
    connections: ConnectionPlan | Mapping[str, ConnectionPlan] | None = None
    provider_calls: int | None = None
    actions: Mapping[str, Action] = field(default_factory=dict)
    generations: Mapping[str, Generations] = field(default_factory=dict)
    idle: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            TargetError: The message says what to change.
        """
        check(self)

    def plan_of(self, strategy: str) -> ConnectionPlan | None:
        """Return the account of its connections under a strategy, if it gives one."""
        if isinstance(self.connections, ConnectionPlan | None):
            return self.connections
        return self.connections.get(strategy)

    def audience(self, method: str, path: str) -> Audience:
        """Return whom an operation is meant for; the login's is for anybody."""
        for audience, patterns in (
            (Audience.OPERATOR, self.operator),
            (Audience.PUBLIC, self.public),
            (Audience.SHARED, self.shared),
        ):
            if any(matches(pattern, method, path) for pattern in patterns):
                return audience
        # Who logs in is nobody yet.
        logs_in = method == "POST" and path == getattr(self.login, "path", None)
        return Audience.PUBLIC if logs_in else Audience.TENANT

    def skips(self, method: str, path: str) -> bool:
        """Whether an operation is to be left out."""
        return any(matches(pattern, method, path) for pattern in self.skip)


def matches(pattern: str, method: str, path: str) -> bool:
    """Whether ``"/path*"`` or ``"METHOD /path*"`` names an operation."""
    head, _, tail = pattern.strip().rpartition(" ")
    return head.strip().upper() in {"", method} and fnmatch.fnmatchcase(path, tail)
