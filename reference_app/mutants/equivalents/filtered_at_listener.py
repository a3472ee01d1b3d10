"""Harmless: every event is offered to all listeners, who take their tenant's only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from fastapi import FastAPI

from reference_app import main
from reference_app.events.hub import Event, EventHub, Subscription
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.tenant import Tenant


class Listener:
    """Takes from all that happens what is for it."""

    def __init__(self, tenant_id: UUID, subscription: Subscription) -> None:
        self._tenant_id = tenant_id
        self._subscription = subscription

    def hear(self, tenant_id: UUID, event: Event) -> None:
        """Pass an event on if it is of the listener's tenant."""
        if tenant_id == self._tenant_id:
            self._subscription.offer(event)


class BroadcastingHub(EventHub):
    """Tells everybody, as a channel between processes would."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._everybody: set[Listener] = set()

    @contextmanager
    def subscribe(self, tenant: Tenant) -> Iterator[Subscription]:
        with super().subscribe(tenant) as subscription:
            listener = Listener(tenant.id, subscription)
            self._everybody.add(listener)
            try:
                yield subscription
            finally:
                self._everybody.discard(listener)

    def publish(self, tenant: Tenant, event: Event) -> None:
        for listener in self._everybody:
            listener.hear(tenant.id, event)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(hub=BroadcastingHub))
