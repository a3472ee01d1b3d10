"""Seeded bug: what was deleted is told to the listeners of all tenants."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.events.hub import Event, EventHub
from reference_app.parts import Parts
from reference_app.tenants.tenant import Tenant


class HubWithBroadcast(EventHub):
    """Sends deletions to everybody: a number is nobody's data, and caches must go."""

    def publish(self, tenant: Tenant, event: Event) -> None:
        if not event.kind.endswith(".deleted"):
            super().publish(tenant, event)
            return
        for listeners in self._listeners.values():
            for subscription in listeners:
                subscription.offer(event)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(hub=HubWithBroadcast))
