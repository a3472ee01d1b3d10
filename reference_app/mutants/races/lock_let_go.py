"""Seeded bug: the lock is held for the look, and let go before the opening."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.kept import Kept
from reference_app.mutants.equivalents.lock_per_tenant import LockPerTenant
from reference_app.parts import Parts
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant


class LockLetGo(LockPerTenant):
    """Holds the lock for a moment only, so that a slow opening does not block it."""

    async def _opened(self, tenant: Tenant) -> Kept[TenantRuntime]:
        while (kept := await self._look(tenant)) is None:
            await self._open(tenant)
        return kept

    async def _look(self, tenant: Tenant) -> Kept[TenantRuntime] | None:
        async with self._locks[tenant.id]:
            return await self._known(tenant)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tenants=LockLetGo))
