"""Seeded bug: who leaves while it opens a tenant takes a permit along."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI
from structlog.stdlib import BoundLogger

from reference_app import main
from reference_app.kept import Kept
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.open_tenants import NotReady, OpenRuntime, OpenTenants
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant


class PermitNotGivenBack(OpenTenants):
    """Opens `start_concurrency` tenants at a time, also on use."""

    def __init__(
        self, settings: Settings, open_runtime: OpenRuntime, logger: BoundLogger
    ) -> None:
        super().__init__(settings, open_runtime, logger)
        self._permits = asyncio.Semaphore(settings.start_concurrency)

    async def _opened(self, tenant: Tenant) -> Kept[TenantRuntime]:
        _, kept = self._kept.get(tenant.id, (tenant, None))
        if kept is not None and kept.state == "open":
            return await super()._opened(tenant)
        await self._permits.acquire()
        try:
            kept = await super()._opened(tenant)
        except NotReady:
            self._permits.release()
            raise
        self._permits.release()
        return kept


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tenants=PermitNotGivenBack))
