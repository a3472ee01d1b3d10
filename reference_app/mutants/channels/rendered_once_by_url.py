"""Seeded bug: who asks while an answer is being made gets that, whosever it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import FastAPI

from reference_app import main
from reference_app.caches.rendered import Rendered
from reference_app.caches.response_cache import ResponseCache
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.tenant import Tenant


class CoalescingResponseCache(ResponseCache):
    """Makes an answer once for all who ask at the same time; what it keeps is right."""

    def __init__(self, lifetime: float) -> None:
        super().__init__(lifetime)
        self._running: dict[str, asyncio.Task[Rendered]] = {}

    async def get(
        self, tenant: Tenant, url: str, render: Callable[[], Awaitable[bytes]]
    ) -> Rendered:
        running = self._running.get(url)
        if running is None:
            making = super().get(tenant, url, render)
            running = self._running[url] = asyncio.create_task(making)
            running.add_done_callback(lambda _: self._running.pop(url))
        return await asyncio.shield(running)


def response_cache(settings: Settings) -> ResponseCache:
    """Make the cache, with the app's lifetime."""
    return CoalescingResponseCache(settings.cache_lifetime)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(response_cache=response_cache))
