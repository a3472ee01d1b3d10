"""Harmless: a configuration may be loaded twice at a time, as the target declares.

Loading it is idempotent: `Initialiser.again` says that it may run again.
"""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.caches.tenant_cache import TenantCache
from reference_app.mutants.equivalents.flags_loaded_twice import LoadedTwice
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.configuration import Configuration


def _configurations(settings: Settings) -> TenantCache[Configuration]:
    return LoadedTwice(settings.cache_lifetime)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(configuration_cache=_configurations))
