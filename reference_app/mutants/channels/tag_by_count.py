"""Seeded bug: an answer's tag is its URL and the number of writes so far."""

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


class CountingResponseCache(ResponseCache):
    """Spares itself a digest of each body: whoever has written has a new number."""

    async def get(
        self, tenant: Tenant, url: str, render: Callable[[], Awaitable[bytes]]
    ) -> Rendered:
        rendered = await super().get(tenant, url, render)
        version = f"{url} {self._writes[tenant.id]}"
        digest = hashlib.sha256(version.encode()).hexdigest()
        return Rendered(rendered.body, f'"{digest[:32]}"')


def response_cache(settings: Settings) -> ResponseCache:
    """Make the cache, with the app's lifetime."""
    return CountingResponseCache(settings.cache_lifetime)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(response_cache=response_cache))
