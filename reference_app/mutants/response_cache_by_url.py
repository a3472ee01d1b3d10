"""Seeded bug: rendered answers are remembered by path and query alone."""

from __future__ import annotations

from collections.abc import Hashable

from fastapi import FastAPI

from reference_app import main
from reference_app.caches.response_cache import ResponseCache
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.tenant import Tenant


class ResponseCacheByUrl(ResponseCache):
    """Forgets that every tenant has the same paths under another host."""

    def key(self, tenant: Tenant, url: str) -> Hashable:
        return url


def response_cache(settings: Settings) -> ResponseCache:
    """Make the cache, with the app's lifetime."""
    return ResponseCacheByUrl(settings.cache_lifetime)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(response_cache=response_cache))
