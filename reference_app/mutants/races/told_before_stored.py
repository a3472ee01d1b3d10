"""Seeded bug: those who wait are told before what they wait for is in its place."""

from __future__ import annotations

import asyncio
from uuid import UUID

from fastapi import FastAPI
from structlog.stdlib import BoundLogger

from reference_app import main
from reference_app.kept import Kept
from reference_app.logs import log_failure
from reference_app.mutants.equivalents.lock_per_tenant import LockPerTenant
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.open_tenants import NotReady, OpenRuntime
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant


class ToldBeforeStored(LockPerTenant):
    """Has others wait for an event; who opens makes a first statement, too."""

    def __init__(
        self, settings: Settings, open_runtime: OpenRuntime, logger: BoundLogger
    ) -> None:
        super().__init__(settings, open_runtime, logger)
        self._events: dict[UUID, asyncio.Event] = {}

    async def _opened(self, tenant: Tenant) -> Kept[TenantRuntime]:
        while (kept := await self._known(tenant)) is None:
            over = self._events.get(tenant.id)
            if over is None:
                await self._open(tenant)
                continue
            await over.wait()
            if tenant.id not in self._kept:
                raise NotReady(self._settings.retry_after)
        return kept

    async def _open(self, tenant: Tenant) -> None:
        over = self._events[tenant.id] = asyncio.Event()
        entry = self._begin(tenant)
        try:
            await entry[1].settled()
            over.set()
            if entry[1].state == "open":
                await self._make_a_statement(entry[1])
        finally:
            self._kept[tenant.id] = entry
            del self._events[tenant.id]
            over.set()

    async def _make_a_statement(self, kept: Kept[TenantRuntime]) -> None:
        """Have Postgres read the tables' descriptions before a member waits for it."""
        with kept.lease() as runtime:
            try:
                async with runtime.store.session() as session:
                    await session.documents.count()
            except Exception as error:  # noqa: BLE001 - members will be told
                log_failure(self._logger, "first statement failed", error)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tenants=ToldBeforeStored))
