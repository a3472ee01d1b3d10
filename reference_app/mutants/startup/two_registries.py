"""Bug: start-up opens tenants in a registry that requests do not look into.

Each tenant is opened a second time by its first request, and start-up has warmed
nothing.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from fastapi import FastAPI
from structlog.stdlib import BoundLogger

from reference_app import main
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.open_tenants import OpenRuntime, OpenTenants
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant


class TwoRegistries(OpenTenants):
    """Has another registry for whoever opens tenants without using them."""

    def __init__(
        self, settings: Settings, open_runtime: OpenRuntime, logger: BoundLogger
    ) -> None:
        super().__init__(settings, open_runtime, logger)
        self._warmed = OpenTenants(settings, open_runtime, logger)

    async def __aenter__(self) -> Self:
        await self._warmed.__aenter__()
        return await super().__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await super().__aexit__(kind, error, trace)
        await self._warmed.__aexit__(kind, error, trace)

    async def ready(self, tenant: Tenant) -> TenantRuntime:
        return await self._warmed.ready(tenant)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tenants=TwoRegistries))
