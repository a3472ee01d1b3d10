"""Seeded bug: an entry is there before it can be used, and is used."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.kept import Kept
from reference_app.parts import Parts
from reference_app.tenants.open_tenants import OpenTenants
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant


class HalfOpenPublished(OpenTenants):
    """Whoever finds an entry need not wait: somebody has opened it."""

    async def _opened(self, tenant: Tenant) -> Kept[TenantRuntime]:
        self.notice(tenant)
        _, kept = self._kept.get(tenant.id, (tenant, None))
        if kept is not None and kept.state in {"opening", "open"}:
            return kept
        return await super()._opened(tenant)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tenants=HalfOpenPublished))
