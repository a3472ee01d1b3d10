"""Seeded bug: the line of a job that is done names who began such a job last."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI
from structlog.stdlib import BoundLogger

from reference_app import main
from reference_app.background.jobs import Jobs, Work
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.open_tenants import OpenTenants
from reference_app.tenants.tenant import Tenant


class ReportedJobs(Jobs):
    """Tells when work is done, and keeps by its kind whose it is."""

    def __init__(
        self, settings: Settings, tenants: OpenTenants, logger: BoundLogger
    ) -> None:
        super().__init__(settings, tenants, logger)
        self._begun_by: dict[str, str] = {}

    def start(self, tenant: Tenant, name: str, work: Work) -> asyncio.Task[None]:
        task = super().start(tenant, name, work)
        self._begun_by[name] = tenant.slug
        task.add_done_callback(lambda _: self._report(name))
        return task

    def _report(self, name: str) -> None:
        self._logger.info("work done", job=name, tenant=self._begun_by[name])


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(jobs=ReportedJobs))
