"""Seeded bug: a tenant is noted down when it is open, and others look before that."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.kept import Kept
from reference_app.mutants.equivalents.lock_per_tenant import LockPerTenant
from reference_app.parts import Parts
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant


class SetAfterOpening(LockPerTenant):
    """Knows only tenants that have been opened: a failure leaves nothing behind."""

    async def _opened(self, tenant: Tenant) -> Kept[TenantRuntime]:
        while (kept := await self._known(tenant)) is None:
            await self._open(tenant)
        return kept


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tenants=SetAfterOpening))
