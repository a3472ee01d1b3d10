"""Seeded bug: deeds that come at once go into the trail of who came first."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial

from fastapi import FastAPI
from structlog.stdlib import BoundLogger

from reference_app import main
from reference_app.audit import AuditLog, Deed
from reference_app.background.jobs import Jobs, Stopping
from reference_app.parts import Parts
from reference_app.tenants.tenant import Tenant


class BurstAuditLog(AuditLog):
    """Has one job write all that is waiting, so that a burst is one job."""

    def __init__(self, jobs: Jobs, logger: BoundLogger) -> None:
        super().__init__(jobs, logger)
        self._deeds: deque[Deed] = deque()
        self._writing: asyncio.Task[None] | None = None

    def record(self, tenant: Tenant, deed: Deed) -> None:
        self._deeds.append(deed)
        if self._writing is not None and not self._writing.done():
            return
        try:
            work = partial(self._empty, tenant)
            self._writing = self._jobs.start(tenant, "audit", work)
        except Stopping:
            self._lose(tenant, self._deeds.pop())

    async def written(self, tenant: Tenant, *, timeout: float) -> None:
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=timeout)

    async def _empty(self, tenant: Tenant) -> None:
        while self._deeds:
            await self._write(tenant, self._deeds.popleft())


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(audit=BurstAuditLog))
