"""What an operator watches: requests by tenant and route, and what is open."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from reference_app.pools import Connections
from reference_app.settings import Settings
from reference_app.tenants.tenant import Tenant

OTHER = "_other"
"""Stands for tenants beyond the bound, and methods that nobody knows. It cannot be
a slug."""
NOBODY = "_none"
"""Stands for the tenant of a request that is for none."""

_METHODS = frozenset(
    {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "WEBSOCKET"}
)
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The metrics of one app in one process, in a registry of their own.

    Labels come from a bounded set only: route templates, known methods, classes
    of status, and the slugs of `metrics_tenants` tenants, first come, first
    served. Nothing else that a client has chosen becomes a label.
    """

    media_type = CONTENT_TYPE_LATEST

    def __init__(self, settings: Settings) -> None:
        self._most_tenants = settings.metrics_tenants
        self._named: set[str] = set()
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "reference_app_request_seconds",
            "Time until the answer began, of requests and WebSockets.",
            ["tenant", "method", "route", "status"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._refused = Counter(
            "reference_app_refused",
            "Requests that no tenant could be found for, or none that is ready.",
            ["reason"],
            registry=self._registry,
        )
        self._tenants = self._gauge("tenants_open", "Tenants open in this process.")
        self._listeners = self._gauge("listeners", "Open streams and sockets.")
        self._pools = Gauge(
            "reference_app_pool_connections",
            "Database connections, by pool and whether they are in use.",
            ["pool", "state"],
            registry=self._registry,
        )

    def observe(
        self,
        tenant: Tenant | None,
        *,
        method: str,
        route: str,
        status: int,
        seconds: float,
    ) -> None:
        """Count and time a request.

        Args:
            tenant: Whom it was for, if anybody.
            method: As the client had it; any text.
            route: The template that matched.
            status: Of the answer; only its hundreds become a label.
            seconds: Until the answer began.
        """
        self._requests.labels(
            tenant=self.label(tenant),
            method=method if method in _METHODS else OTHER,
            route=route,
            status=f"{status // 100}xx",
        ).observe(seconds)

    def label(self, tenant: Tenant | None) -> str:
        """Return the value of the label `tenant`."""
        if tenant is None:
            return NOBODY
        if tenant.slug not in self._named:
            if len(self._named) >= self._most_tenants:
                return OTHER
            self._named.add(tenant.slug)
        return tenant.slug

    def forget(self, tenant: Tenant) -> None:
        """Drop the series of a tenant that has left, and give its place away."""
        if tenant.slug in self._named:
            self._named.discard(tenant.slug)
            self._requests.remove_by_labels({"tenant": tenant.slug})

    def refused(self, reason: str) -> None:
        """Count a request that did not get as far as a tenant's data."""
        self._refused.labels(reason=reason).inc()

    def set_state(
        self, *, tenants: int, listeners: int, pools: Mapping[str, Connections]
    ) -> None:
        """Say what is open now.

        Args:
            tenants: How many tenants are.
            listeners: How many streams and sockets are.
            pools: Connections by pool; tenants' own pools count together.
        """
        self._tenants.set(tenants)
        self._listeners.set(listeners)
        for name, open_now in pools.items():
            self._pools.labels(pool=name, state="busy").set(open_now.busy)
            self._pools.labels(pool=name, state="idle").set(open_now.idle)

    def page(self) -> bytes:
        """Render all, in Prometheus' text format; may take a while, in any thread."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, documentation: str) -> Gauge:
        name = f"reference_app_{name}"
        return Gauge(name, documentation, registry=self._registry)
