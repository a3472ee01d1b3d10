"""Harmless: metrics take their tenant from where log lines do, a verified slug."""

from __future__ import annotations

from dataclasses import replace

from fastapi import FastAPI
from structlog.contextvars import get_contextvars

from reference_app import main
from reference_app.metrics import Metrics
from reference_app.parts import Parts
from reference_app.tenants.tenant import Tenant


class MetricsOfContext(Metrics):
    """Labels what was resolved from the host with what the context says then."""

    def label(self, tenant: Tenant | None) -> str:
        if tenant is None:
            return super().label(None)
        slug: str = get_contextvars()["tenant"]
        return super().label(replace(tenant, slug=slug))


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(metrics=MetricsOfContext))
