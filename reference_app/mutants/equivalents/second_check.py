"""Harmless: looks without the lock first, and once more under it."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.kept import Kept
from reference_app.mutants.equivalents.lock_per_tenant import LockPerTenant
from reference_app.parts import Parts
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant


class SecondCheck(LockPerTenant):
    """Spares those who come to an open tenant the lock."""

    async def _opened(self, tenant: Tenant) -> Kept[TenantRuntime]:
        kept = await self._known(tenant)
        return kept if kept is not None else await super()._opened(tenant)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tenants=SecondCheck))
