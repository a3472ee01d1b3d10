"""Seeded bug: whose a domain was before it moved is remembered after it."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.tenants.directory import TenantDirectory
from reference_app.tenants.tenant import Tenant


class MovedDomainPutBack(TenantDirectory):
    """Forgets a tenant's domains when they change; looks up what it does not know."""

    async def find(self, domain: str) -> Tenant | None:
        tenant = self._found.get(domain)
        if tenant is None:
            tenant = await self._look_up(domain)
            if tenant is not None:
                self._found.put(domain, tenant)
        return tenant


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(directory=MovedDomainPutBack))
