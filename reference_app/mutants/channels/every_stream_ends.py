"""Seeded bug: when one tenant's streams have to end, everybody's do."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.events.hub import Ending, EventHub
from reference_app.parts import Parts
from reference_app.tenants.tenant import Tenant


class HubWithOneSwitch(EventHub):
    """Ends streams as it does at shutdown, but for another reason."""

    def end(self, tenant: Tenant, ending: Ending) -> None:
        for listeners in self._listeners.values():
            for subscription in listeners:
                subscription.end(ending)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(hub=HubWithOneSwitch))
