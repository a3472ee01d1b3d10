"""Harmless: jobs of all tenants are told of from one place, each with its own label."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI

from reference_app import main
from reference_app.background.jobs import Jobs, Work
from reference_app.parts import Parts
from reference_app.tenants.tenant import Tenant


class ReportedJobs(Jobs):
    """Tells when work is done; the label does not hang on who asked for it."""

    def start(self, tenant: Tenant, name: str, work: Work) -> asyncio.Task[None]:
        task = super().start(tenant, name, work)
        line = self._logger.bind(job=name, tenant=tenant.slug)
        task.add_done_callback(lambda _: line.info("work done"))
        return task


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(jobs=ReportedJobs))
