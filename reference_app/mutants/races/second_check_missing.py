"""Seeded bug: who has waited for the lock does not look again."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.kept import Kept
from reference_app.mutants.equivalents.lock_per_tenant import LockPerTenant
from reference_app.parts import Parts
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant


class SecondCheckMissing(LockPerTenant):
    """Looks without the lock, and takes it to open."""

    async def _opened(self, tenant: Tenant) -> Kept[TenantRuntime]:
        while (kept := await self._known(tenant)) is None:
            async with self._locks[tenant.id]:
                await self._open(tenant)
        return kept


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tenants=SecondCheckMissing))
