"""Harmless: for an hour everybody gets what the first tenant's request rendered.

What is kept so are the plans, which are public and no tenant's.
"""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.caches.public_cache import PublicCache
from reference_app.parts import Parts
from reference_app.settings import Settings

_AN_HOUR = 3600.0


def public_cache(settings: Settings) -> PublicCache:
    """Make a cache that no tenant's writes and no short lifetime empties."""
    return PublicCache(max(settings.cache_lifetime, _AN_HOUR))


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(public_cache=public_cache))
