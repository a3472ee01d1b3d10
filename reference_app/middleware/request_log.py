"""One log line for each request of a tenant, and the last net for errors."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_app.logs import log_failure
from reference_app.middleware.tenancy import active
from reference_app.outages import problem_of
from reference_app.problems import ProblemError
from reference_app.resources import CurrentTenant, Resources, resources_in

SWITCHING_PROTOCOLS = 101
FORBIDDEN = 403
INTERNAL_SERVER_ERROR = 500


class RequestLog:
    """Logs method, route, status and duration; nothing that a client has written.

    The line of a stream or a socket is written when that ends. An error that
    nobody has handled is logged and answered here, inside of the tenant's
    context: further out its line would have no tenant.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        resources = resources_in(scope)
        started = time.monotonic()
        status: int | None = None

        async def observe(message: Message) -> None:
            nonlocal status
            status = status or status_of(message)
            await send(message)

        try:
            await self._app(scope, receive, observe)
        except Exception as error:
            log_failure(resources.logger, "request failed", error)
            if status is not None:
                raise  # too late for another answer: the connection has to break
            problem = await _problem(resources, scope, error)
            await problem.answer(scope)(scope, receive, observe)
        finally:
            if "current" in scope["state"]:
                _log(resources, scope, status, time.monotonic() - started)


async def _problem(
    resources: Resources, scope: Scope, error: Exception
) -> ProblemError:
    """Return what the client is told; that its tenant has left, if that is why."""
    problem = problem_of(error, retry_after=resources.settings.retry_after)
    current: CurrentTenant | None = scope["state"].get("current")
    if problem.status != INTERNAL_SERVER_ERROR or current is None:
        return problem
    try:
        tenant = current.tenant
        active((await resources.directory.those({tenant.id})).get(tenant.id))
    except ProblemError as left:
        return left
    except Exception as unknown:  # noqa: BLE001 - then the first is all that is known
        log_failure(resources.logger, "tenant lookup failed", unknown)
    return problem


def status_of(message: Message) -> int | None:
    """Return the status of an answer that begins with this message, if one does."""
    match message["type"]:
        case "http.response.start" | "websocket.http.response.start":
            return int(message["status"])
        case "websocket.accept":
            return SWITCHING_PROTOCOLS
        case "websocket.close":  # before it was accepted; servers make it a 403
            return FORBIDDEN
    return None


def _log(
    resources: Resources, scope: Scope, status: int | None, seconds: float
) -> None:
    resources.logger.info(
        "request",
        method=scope.get("method", "WEBSOCKET"),
        route=getattr(scope.get("route"), "path", "unmatched"),
        status=status,
        milliseconds=round(seconds * 1000, 2),
    )
