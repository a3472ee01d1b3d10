"""Harmless: tenants are closed once start-up has tried them, and opened on use."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.tenants.open_tenants import OpenTenants
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant


class ClosedAfterStart(OpenTenants):
    """Opens each tenant a second time, but not before the first is closed."""

    async def ready(self, tenant: Tenant) -> TenantRuntime:
        runtime = await super().ready(tenant)
        await self.close(tenant.id)
        return runtime


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tenants=ClosedAfterStart))
