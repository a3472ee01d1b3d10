"""Seeded bug: whose a custom domain is stays remembered when it has moved."""

from __future__ import annotations

import asyncpg
from fastapi import FastAPI

from reference_app import main
from reference_app.caches.expiring import Expiring
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.directory import TenantDirectory
from reference_app.tenants.tenant import Tenant

_AN_HOUR = 3600.0
_KEPT = 10_000


class DirectoryWithCustomDomains(TenantDirectory):
    """Remembers custom domains for longer: they take a join, and hardly change.

    `forget` was there before, and knows nothing of them.
    """

    def __init__(self, settings: Settings, control: asyncpg.Pool) -> None:
        super().__init__(settings, control)
        self._custom: Expiring[str, Tenant] = Expiring(_AN_HOUR, _KEPT)

    async def find(self, domain: str) -> Tenant | None:
        if domain.endswith(self._suffix):
            return await super().find(domain)
        tenant = self._custom.get(domain)
        if tenant is None:
            tenant = await self._look_up(domain)
            if tenant is not None:
                self._custom.put(domain, tenant)
        return tenant


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(directory=DirectoryWithCustomDomains))
