"""Puts the app together: `uvicorn --factory reference_app.main:create_app`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

from fastapi import FastAPI
from starlette.middleware import Middleware

from reference_app import problems
from reference_app.api.all import api
from reference_app.middleware.measure import Measure
from reference_app.middleware.request_id import RequestId
from reference_app.middleware.request_log import RequestLog
from reference_app.middleware.tenancy import Tenancy
from reference_app.openapi import DescribedApp
from reference_app.parts import Parts
from reference_app.resources import Resources, open_resources
from reference_app.settings import Settings


class State(TypedDict):
    """What the lifespan puts into the state of each request."""

    resources: Resources


def create_app(settings: Settings | None = None, parts: Parts | None = None) -> FastAPI:
    """Make the app; it opens nothing before its lifespan starts.

    Args:
        settings: Read from the environment if None.
        parts: Replacements for pieces of the app.
    """
    settings = settings or Settings.from_environment()
    parts = parts or Parts()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[State]:
        async with open_resources(settings, parts) as resources:
            yield State(resources=resources)

    app = DescribedApp(
        api(
            for_operator=settings.admin_token is not None,
            public_metrics=settings.metrics_public,
        ),
        lifespan=lifespan,
        middleware=[  # the first is the outermost
            Middleware(RequestId),
            Middleware(Tenancy, trusted_proxies=settings.trusted_proxies),
            Middleware(Measure),
            Middleware(RequestLog),
        ],
        # A redirect would repeat the Host header in an absolute address.
        redirect_slashes=False,
        redoc_url=None,
    )
    problems.install(app)
    return app
