"""Seeded bug: the future of an opening that failed is kept, and told for ever."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.kept import Kept
from reference_app.mutants.equivalents.single_flight import Flight, SingleFlight
from reference_app.parts import Parts
from reference_app.tenants.open_tenants import NotReady
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant


class FailureKept(SingleFlight):
    """Has those who asked meanwhile told of a failure, and those who come after."""

    async def _lead(self, tenant: Tenant, flight: Flight) -> Kept[TenantRuntime]:
        try:
            kept = await self._found(tenant)
        except NotReady as error:
            flight.set_exception(error)
            raise
        except BaseException:
            self._land(tenant, flight)
            raise
        self._land(tenant, flight)
        return kept


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tenants=FailureKept))
