"""Harmless: those who ask share a task that opens the tenant, each behind a shield."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import UUID

from fastapi import FastAPI
from structlog.stdlib import BoundLogger

from reference_app import main
from reference_app.kept import Kept
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.open_tenants import NotReady, OpenRuntime, OpenTenants
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant


class ShieldedTask(OpenTenants):
    """Who leaves leaves the task running for the others."""

    def __init__(
        self, settings: Settings, open_runtime: OpenRuntime, logger: BoundLogger
    ) -> None:
        super().__init__(settings, open_runtime, logger)
        self._opening: dict[UUID, asyncio.Task[None]] = {}

    async def _opened(self, tenant: Tenant) -> Kept[TenantRuntime]:
        _, kept = self._kept.get(tenant.id, (tenant, None))
        if not self._is_closed and (kept is None or kept.state != "open"):
            await self._wait_for(self._opening.get(tenant.id) or self._begin(tenant))
        # It may have been closed again since, or have failed.
        return await super()._opened(tenant)

    async def _wait_for(self, opening: asyncio.Task[None]) -> None:
        await asyncio.shield(opening)

    def _begin(self, tenant: Tenant) -> asyncio.Task[None]:
        opening = self._opening[tenant.id] = self._keepers.create_task(
            self._open(tenant), name=f"opening {tenant.slug}"
        )
        opening.add_done_callback(lambda _: self._opening.pop(tenant.id))
        return opening

    async def _open(self, tenant: Tenant) -> None:
        with suppress(NotReady):  # each who waits is told
            await super()._opened(tenant)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tenants=ShieldedTask))
