"""What follows from a write: answers are forgotten, listeners are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reference_app.caches.response_cache import ResponseCache
from reference_app.events.hub import Event, EventHub
from reference_app.storage.seam import Document
from reference_app.tenants.tenant import Tenant


@dataclass(frozen=True, slots=True)
class Change:
    """A write that has been committed.

    Attributes:
        kind: What was done, such as `document.created`.
        data: What listeners are told; None for what is not theirs to know.
    """

    kind: str
    data: Mapping[str, Any] | None = None

    @classmethod
    def of_document(cls, what: str, document: Document) -> Change:
        """Return a change of a document that is still there."""
        data = {"id": document.id, "title": document.title}
        return cls(f"document.{what}", data)


class Changes:
    """Sees to what follows from a write, in one place for all endpoints."""

    def __init__(self, *, response_cache: ResponseCache, hub: EventHub) -> None:
        self._response_cache = response_cache
        self._hub = hub

    def announce(self, tenant: Tenant, change: Change) -> None:
        """Take note of a committed write; never waits, and never fails."""
        self._response_cache.forget(tenant)
        if change.data is not None:
            event = Event(change.kind, datetime.now(UTC), change.data)
            self._hub.publish(tenant, event)
