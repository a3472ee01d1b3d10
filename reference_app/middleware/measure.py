"""Counts and times what comes in, by tenant and route."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_app.middleware.request_log import status_of
from reference_app.resources import resources_in


class Measure:
    """Times each request until its answer begins; a stream may go on for hours.

    Comes inside of the tenancy, which says whom a request is for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        resources = resources_in(scope)
        started = time.monotonic()
        answered = False

        async def observe(message: Message) -> None:
            nonlocal answered
            status = status_of(message)
            if status is not None and not answered:
                answered = True
                current = scope["state"].get("current")
                resources.metrics.observe(
                    current.tenant if current else None,
                    method=scope.get("method", "WEBSOCKET"),
                    route=getattr(scope.get("route"), "path", "unmatched"),
                    status=status,
                    seconds=time.monotonic() - started,
                )
            await send(message)

        await self._app(scope, receive, observe)
