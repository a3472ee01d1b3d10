"""Seeded bug: the webhooks that were looked up last are remembered as everybody's."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from fastapi import FastAPI

from reference_app import main
from reference_app.caches.tenant_cache import TenantCache
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.storage.seam import SigningWebhook
from reference_app.tenants.tenant import Tenant


class WebhookCache(TenantCache[Sequence[SigningWebhook]]):
    """Names what it keeps, not whose that is."""

    def key(self, tenant: Tenant) -> Hashable:
        return "webhooks"


def webhook_cache(settings: Settings) -> TenantCache[Sequence[SigningWebhook]]:
    """Make the cache, with the app's lifetime."""
    return WebhookCache(settings.cache_lifetime)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(webhook_cache=webhook_cache))
