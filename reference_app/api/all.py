"""All routes of the app, which the apps of one process share."""

from __future__ import annotations

import functools

from fastapi import APIRouter

from reference_app.api import (
    assistant,
    audit,
    configuration,
    documents,
    domains,
    events,
    exports,
    flags,
    health,
    keys,
    members,
    metrics,
    operator,
    plans,
    socket,
    summary,
    token,
    usage,
    webhooks,
)
from reference_app.openapi import Api, operation_id

_FOR_TENANTS = (
    token,
    documents,
    members,
    configuration,
    flags,
    summary,
    plans,
    events,
    socket,
    audit,
    exports,
    webhooks,
    assistant,
    usage,
    health,
)


@functools.cache
def api(*, for_operator: bool, public_metrics: bool) -> Api:
    """Return the routes of an app.

    They hold nothing of an app: what a request needs comes from its state. FastAPI
    takes longer to build them than everything else in an app, and whoever starts the
    app again and again in one process, as tests do, waits for it once.

    Args:
        for_operator: Whether there is an operator, who makes tenants.
        public_metrics: Whether anybody may read `/metrics`.
    """
    whole = APIRouter(generate_unique_id_function=operation_id)
    for module in _FOR_TENANTS:
        whole.include_router(module.router)
    if for_operator:
        for module in (operator, domains, keys):
            whole.include_router(module.router)
    if for_operator or public_metrics:
        whole.include_router(metrics.router(public=public_metrics))
    return Api(tuple(whole.routes))
