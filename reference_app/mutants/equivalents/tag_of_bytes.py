"""Harmless: a tag names bytes and no tenant; a 304 only tells one's own bytes apart."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable

from fastapi import FastAPI

from reference_app import main
from reference_app.caches.rendered import Rendered
from reference_app.caches.response_cache import ResponseCache
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.tenant import Tenant


class PlainlyTaggedResponseCache(ResponseCache):
    """Tags what is the same alike, whosever it is."""

    async def get(
        self, tenant: Tenant, url: str, render: Callable[[], Awaitable[bytes]]
    ) -> Rendered:
        rendered = await super().get(tenant, url, render)
        digest = hashlib.sha256(rendered.body).hexdigest()
        return Rendered(rendered.body, f'"{digest[:32]}"')


def response_cache(settings: Settings) -> ResponseCache:
    """Make the cache, with the app's lifetime."""
    return PlainlyTaggedResponseCache(settings.cache_lifetime)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(response_cache=response_cache))
