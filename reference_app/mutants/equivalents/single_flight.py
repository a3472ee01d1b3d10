"""Harmless: the first who asks opens the tenant for all who ask meanwhile."""

from __future__ import annotations

import asyncio
from uuid import UUID

from fastapi import FastAPI
from structlog.stdlib import BoundLogger

from reference_app import main
from reference_app.kept import Kept
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.open_tenants import NotReady, OpenRuntime, OpenTenants
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant

Flight = asyncio.Future[None]


class SingleFlight(OpenTenants):
    """Has others wait for a future, which tells them of a failure, too."""

    def __init__(
        self, settings: Settings, open_runtime: OpenRuntime, logger: BoundLogger
    ) -> None:
        super().__init__(settings, open_runtime, logger)
        self._flights: dict[UUID, Flight] = {}

    async def _opened(self, tenant: Tenant) -> Kept[TenantRuntime]:
        while (flight := self._flights.get(tenant.id)) is not None:
            # The future is everybody's: who leaves must not cancel it.
            await asyncio.shield(flight)
        flight = asyncio.get_running_loop().create_future()
        self._flights[tenant.id] = flight
        return await self._lead(tenant, flight)

    async def _lead(self, tenant: Tenant, flight: Flight) -> Kept[TenantRuntime]:
        try:
            kept = await self._found(tenant)
        except NotReady as error:
            self._land(tenant, flight, error)
            raise
        except BaseException:
            self._land(tenant, flight)  # the next of those who wait takes over
            raise
        self._land(tenant, flight)
        return kept

    async def _found(self, tenant: Tenant) -> Kept[TenantRuntime]:
        return await super()._opened(tenant)

    def _land(
        self, tenant: Tenant, flight: Flight, error: NotReady | None = None
    ) -> None:
        del self._flights[tenant.id]
        if error is None:
            flight.set_result(None)
        else:
            flight.set_exception(error)
            flight.exception()  # it may be that nobody else has asked


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tenants=SingleFlight))
