"""Seeded bug: what waits to be sent becomes the latest event, of any tenant.

Shows only where one event waits for another to be taken.
"""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.events.hub import Event
from reference_app.parts import Parts
from reference_app.tenants.tenant import Tenant
from reference_app.webhooks.sender import WebhookSender


class FreshestEventSender(WebhookSender):
    """Does not bother slow receivers with what is out of date by now."""

    _freshest: Event | None = None

    def send(self, tenant: Tenant, event: Event) -> None:
        self._freshest = event
        super().send(tenant, event)

    async def _deliver(self, tenant: Tenant, event: Event) -> None:
        await super()._deliver(tenant, self._freshest or event)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(webhooks=FreshestEventSender))
