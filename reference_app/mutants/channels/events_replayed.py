"""Seeded bug: who begins to listen is told the latest events, whosever they are."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from reference_app import main
from reference_app.events.hub import Event, EventHub, Subscription
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.tenant import Tenant

_REPLAYED = 20


class ReplayingHub(EventHub):
    """Bridges the gap of those who come back after their connection broke."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._latest: deque[Event] = deque(maxlen=_REPLAYED)

    @contextmanager
    def subscribe(self, tenant: Tenant) -> Iterator[Subscription]:
        with super().subscribe(tenant) as subscription:
            for event in self._latest:
                subscription.offer(event)
            yield subscription

    def publish(self, tenant: Tenant, event: Event) -> None:
        self._latest.append(event)
        super().publish(tenant, event)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(hub=ReplayingHub))
