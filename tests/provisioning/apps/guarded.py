"""The shop, which shows its OpenAPI document to some only: ``GUARD`` says to whom."""

from __future__ import annotations

import os

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.provisioning.apps import shop

NEEDS = {"nobody": b"host", "tenant": b"x-shop", "user": b"authorization"}


def create() -> ASGIApp:
    app = shop.create()
    needed = NEEDS.get(os.environ["GUARD"], b"x-none")

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        names = [name for name, _ in scope.get("headers", ())]
        if scope.get("path") == "/openapi.json" and needed not in names:
            await Response(status_code=404)(scope, receive, send)
            return
        await app(scope, receive, send)

    return guarded
