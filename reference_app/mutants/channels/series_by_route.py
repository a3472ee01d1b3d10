"""Seeded bug: a metric's series is remembered by route, with the first one's tenant."""

from __future__ import annotations

from fastapi import FastAPI
from prometheus_client import Histogram

from reference_app import main
from reference_app.metrics import _METHODS, OTHER, Metrics
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.tenant import Tenant


class RememberingMetrics(Metrics):
    """Looks labels up once for each kind of request, which is what takes time."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._series: dict[tuple[str, str, int], Histogram] = {}

    def observe(
        self,
        tenant: Tenant | None,
        *,
        method: str,
        route: str,
        status: int,
        seconds: float,
    ) -> None:
        kind = (method, route, status // 100)
        series = self._series.get(kind)
        if series is None:
            series = self._series[kind] = self._requests.labels(
                tenant=self.label(tenant),
                method=method if method in _METHODS else OTHER,
                route=route,
                status=f"{status // 100}xx",
            )
        series.observe(seconds)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(metrics=RememberingMetrics))
