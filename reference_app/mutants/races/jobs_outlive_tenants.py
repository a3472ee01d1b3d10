"""Seeded bug: at the end tenants are closed before the work that needs them is done."""

from __future__ import annotations

import asyncio
from types import TracebackType

from fastapi import FastAPI

from reference_app import main
from reference_app.background.jobs import Jobs, Stopping, Work
from reference_app.parts import Parts
from reference_app.tenants.tenant import Tenant


class JobsOutliveTenants(Jobs):
    """Begins nothing new at the end; what runs ends by itself in a moment."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()

    def start(self, tenant: Tenant, name: str, work: Work) -> asyncio.Task[None]:
        if self._stopping.is_set():
            raise Stopping
        task = asyncio.create_task(
            self._run(tenant, name, work), name=f"{name} {tenant.slug}"
        )
        self._tasks[tenant.id].add(task)
        task.add_done_callback(lambda done: self._forget(tenant.id, done))
        return task


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(jobs=JobsOutliveTenants))
