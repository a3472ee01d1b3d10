"""One log line for each request of a tenant, and the last net for errors."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_app.logs import log_failure
from reference_app.outages import problem_of
from reference_app.resources import resources_in


class RequestLog:
    """Logs method, route, status and duration; nothing that a client has written.

    An error that nobody has handled is logged and answered here, inside of
    the tenant's context: further out its line would have no tenant.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        resources = resources_in(scope)
        started = time.monotonic()
        status: int | None = None

        async def observe(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, observe)
        except Exception as error:
            log_failure(resources.logger, "request failed", error)
            if status is not None:
                raise  # too late for another answer: the connection has to break
            after = resources.settings.retry_after
            problem = problem_of(error, retry_after=after)
            await problem.response()(scope, receive, observe)
        if "current" in scope["state"]:
            resources.logger.info(
                "request",
                method=scope["method"],
                route=getattr(scope.get("route"), "path", "unmatched"),
                status=status,
                milliseconds=round((time.monotonic() - started) * 1000, 2),
            )
