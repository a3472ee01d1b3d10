"""The page that Prometheus reads."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from reference_app.api.dependencies import AppResources, Operator
from reference_app.pools import connections_of
from reference_app.problems import problems


def router(*, public: bool) -> APIRouter:
    """Return the route of `/metrics`, which is for no tenant.

    Args:
        public: Whether anybody may read it; else it is the operator's.
    """
    responses = problems(500) if public else problems(401, 500)
    made = APIRouter(tags=["operator"], dependencies=[] if public else [Operator])
    made.add_api_route(
        "/metrics",
        read_metrics,
        methods=["GET"],
        status_code=200,
        response_class=PlainTextResponse,
        responses=responses,
    )
    return made


async def read_metrics(resources: AppResources) -> Response:
    """Tell what this process has done and has open, for Prometheus."""
    resources.metrics.set_state(
        tenants=resources.tenants.counts().get("open", 0),
        listeners=resources.hub.count(),
        pools={
            "control": connections_of(resources.control),
            resources.settings.storage: resources.storage.connections(),
        },
    )
    # Thousands of series take a while, and everybody's requests would wait.
    page = await asyncio.to_thread(resources.metrics.page)
    return Response(page, media_type=resources.metrics.media_type)
