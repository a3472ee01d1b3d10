"""Seeded bug: all tenants are opened under one lock, also behind one that hangs."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from fastapi import FastAPI
from structlog.stdlib import BoundLogger

from reference_app import main
from reference_app.kept import Kept
from reference_app.mutants.equivalents.lock_per_tenant import LockPerTenant
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.open_tenants import NotReady, OpenRuntime
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant


class OneLockForAll(LockPerTenant):
    """Has one lock, for which nobody waits for ever."""

    def __init__(
        self, settings: Settings, open_runtime: OpenRuntime, logger: BoundLogger
    ) -> None:
        super().__init__(settings, open_runtime, logger)
        lock = asyncio.Lock()
        self._locks = defaultdict(lambda: lock)

    async def _opened(self, tenant: Tenant) -> Kept[TenantRuntime]:
        lock = self._locks[tenant.id]
        try:
            async with asyncio.timeout(self._settings.acquire_timeout):
                await lock.acquire()
        except TimeoutError:
            raise NotReady(self._settings.retry_after) from None
        try:
            while (kept := await self._known(tenant)) is None:
                await self._open(tenant)
        finally:
            lock.release()
        return kept


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tenants=OneLockForAll))
