"""Finds out which tenant a request is for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from reference_app.logs import log_failure
from reference_app.outages import problem_of
from reference_app.problems import ProblemError, unavailable
from reference_app.resources import CurrentTenant, Resources, resources_in
from reference_app.settings import Network
from reference_app.tenants.open_tenants import NotReady
from reference_app.tenants.tenant import Tenant

_OF_NO_TENANT = frozenset(
    {
        "/livez",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/docs",
        "/docs/oauth2-redirect",
    }
)
_OPERATOR = "/admin/"
_HOST = re.compile("[a-z0-9.-]{1,253}")


class Tenancy:
    """Resolves the Host header and puts a `CurrentTenant` into the request's state.

    WebSockets are requests too: one for nobody is refused before it is accepted.

    X-Forwarded-Host counts only if the peer is a trusted proxy; then its last
    value does, which is the one that this proxy has added. (Under uvicorn, run
    with `--no-proxy-headers` behind a proxy, else the peer is what the client
    says in X-Forwarded-For.)

    Args:
        app: The next ASGI app.
        trusted_proxies: Networks of peers to believe.
    """

    def __init__(self, app: ASGIApp, *, trusted_proxies: Sequence[Network]) -> None:
        self._app = app
        self._trusted = trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        exempt = path in _OF_NO_TENANT or path.startswith(_OPERATOR)
        if scope["type"] == "lifespan" or exempt:
            await self._app(scope, receive, send)
            return
        resources = resources_in(scope)
        try:
            tenant = await self._resolve(resources, scope)
        except ProblemError as problem:
            resources.metrics.refused(problem.kind)
            await problem.answer(scope)(scope, receive, send)
            return
        with bound_contextvars(tenant=tenant.slug):
            async with AsyncExitStack() as leased:
                lease = resources.tenants.lease(tenant)
                try:
                    runtime = await leased.enter_async_context(lease)
                except NotReady as error:
                    refusal = _not_ready(error)
                    resources.metrics.refused(refusal.kind)
                    await refusal.answer(scope)(scope, receive, send)
                    return
                # A copy: a server may hand the same state to every request.
                state = {**scope["state"], "current": CurrentTenant(tenant, runtime)}
                await self._app({**scope, "state": state}, receive, send)

    async def _resolve(self, resources: Resources, scope: Scope) -> Tenant:
        """Return the active tenant that the request names."""
        try:
            tenant = await resources.directory.find(self._domain(scope))
        except Exception as error:
            log_failure(resources.logger, "tenant lookup failed", error)
            after = resources.settings.retry_after
            raise problem_of(error, retry_after=after) from error
        return active(tenant)

    def _domain(self, scope: Scope) -> str:
        """Return the domain asked for: lower case, no port, no final dot."""
        headers = Headers(scope=scope)
        named = headers.getlist("host")
        forwarded = headers.getlist("x-forwarded-host")
        if forwarded and self._is_trusted(scope):
            named = [forwarded[-1].rpartition(",")[2]]
        if len(named) != 1:
            return ""
        host = named[0].strip().lower().partition(":")[0].removesuffix(".")
        return host if _HOST.fullmatch(host) else ""

    def _is_trusted(self, scope: Scope) -> bool:
        client = scope.get("client")
        if client is None:
            return False
        try:
            address = ip_address(client[0])
        except ValueError:
            return False
        return any(address in network for network in self._trusted)


def active(tenant: Tenant | None) -> Tenant:
    """Return a tenant that may be used.

    Raises:
        ProblemError: There is none, or it is suspended.
    """
    if tenant is None:
        raise ProblemError(404, "tenant-unknown", "No tenant has this domain.")
    if tenant.status != "active":
        raise ProblemError(403, "tenant-suspended", "Ask the service's operator.")
    return tenant


def _not_ready(error: NotReady) -> ProblemError:
    return unavailable("tenant-not-ready", "Try again.", retry_after=error.retry_after)
