"""Seeded bug: when the first who asked leaves, its future stays, and nobody sets it.

Everybody who asks for the tenant from then on waits for ever.
"""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.kept import Kept
from reference_app.mutants.equivalents.single_flight import Flight, SingleFlight
from reference_app.parts import Parts
from reference_app.tenants.open_tenants import NotReady
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant


class LeftByTheCancelled(SingleFlight):
    """Ends the flight however the opening ended."""

    async def _lead(self, tenant: Tenant, flight: Flight) -> Kept[TenantRuntime]:
        try:
            kept = await self._found(tenant)
        except NotReady as error:
            self._land(tenant, flight, error)
            raise
        self._land(tenant, flight)
        return kept


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tenants=LeftByTheCancelled))
