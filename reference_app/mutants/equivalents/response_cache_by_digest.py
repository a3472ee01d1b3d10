"""Harmless: answers are kept under one flat digest, but the tenant is in it."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable

from fastapi import FastAPI

from reference_app import main
from reference_app.caches.response_cache import ResponseCache
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.tenant import Tenant


class ResponseCacheByDigest(ResponseCache):
    """Keeps keys short, as for a cache outside of the process.

    An id has a fixed length, so no two pairs of id and URL read the same.
    """

    def key(self, tenant: Tenant, url: str) -> Hashable:
        return hashlib.sha256(f"{tenant.id}{url}".encode()).hexdigest()


def response_cache(settings: Settings) -> ResponseCache:
    """Make the cache, with the app's lifetime."""
    return ResponseCacheByDigest(settings.cache_lifetime)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(response_cache=response_cache))
