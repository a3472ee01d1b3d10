"""What follows from a write: answers are forgotten, it is noted, others are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reference_app.audit import AuditLog, Deed
from reference_app.auth.tokens import Principal
from reference_app.caches.response_cache import ResponseCache
from reference_app.caches.versions import Versions
from reference_app.events.hub import Event, EventHub
from reference_app.storage.seam import Document
from reference_app.tenants.tenant import Tenant
from reference_app.webhooks.sender import WebhookSender


@dataclass(frozen=True, slots=True)
class Change:
    """A write that has been committed.

    Attributes:
        kind: What was done, such as `document.created`.
        subject: To what, for the audit trail.
        data: What listeners are told; None for what is not theirs to know.
    """

    kind: str
    subject: str
    data: Mapping[str, Any] | None = None

    @classmethod
    def of_document(cls, what: str, document: Document) -> Change:
        """Return a change of a document that is still there."""
        subject = f"document {document.id}: {document.title}"
        data = {"id": document.id, "title": document.title}
        return cls(f"document.{what}", subject, data)


class Changes:
    """Sees to what follows from a write, in one place for all endpoints."""

    def __init__(
        self,
        *,
        response_cache: ResponseCache,
        audit: AuditLog,
        hub: EventHub,
        webhooks: WebhookSender,
        versions: Versions,
    ) -> None:
        self._response_cache = response_cache
        self._audit = audit
        self._hub = hub
        self._webhooks = webhooks
        self._versions = versions

    def announce(self, tenant: Tenant, by: Principal | None, change: Change) -> None:
        """Take note of a committed write; never waits, and never fails.

        Args:
            tenant: Where it was.
            by: Who did it; None for the service's operator.
            change: What was done.
        """
        self._versions.advance(tenant)
        self._response_cache.forget(tenant)
        member_id = by.member_id if by else None
        self._audit.record(tenant, Deed(member_id, change.kind, change.subject))
        if change.data is not None:
            event = Event(change.kind, datetime.now(UTC), change.data)
            self._hub.publish(tenant, event)
            self._webhooks.send(tenant, event)
