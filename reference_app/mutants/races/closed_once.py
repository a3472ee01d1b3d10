"""Seeded bug: who leaves is closed once, also if a late request opens it again."""

from __future__ import annotations

from uuid import UUID

from fastapi import FastAPI
from structlog.stdlib import BoundLogger

from reference_app import main
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.open_tenants import OpenRuntime, OpenTenants


class ClosedOnce(OpenTenants):
    """Remembers who has left, so that nobody is closed twice."""

    def __init__(
        self, settings: Settings, open_runtime: OpenRuntime, logger: BoundLogger
    ) -> None:
        super().__init__(settings, open_runtime, logger)
        self._left: set[UUID] = set()

    async def close(self, tenant_id: UUID) -> None:
        if tenant_id not in self._left:
            self._left.add(tenant_id)
            await super().close(tenant_id)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tenants=ClosedOnce))
