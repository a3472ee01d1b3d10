"""Seeded bug: one configuration is remembered, and taken for everybody's."""

from __future__ import annotations

from collections.abc import Hashable

from fastapi import FastAPI

from reference_app import main
from reference_app.caches.tenant_cache import TenantCache
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.configuration import Configuration
from reference_app.tenants.tenant import Tenant


class ConfigurationCache(TenantCache[Configuration]):
    """Names what it keeps, as one does in a cache of one tenant's app."""

    def key(self, tenant: Tenant) -> Hashable:
        return "configuration"


def configuration_cache(settings: Settings) -> TenantCache[Configuration]:
    """Make the cache, with the app's lifetime."""
    return ConfigurationCache(settings.cache_lifetime)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(configuration_cache=configuration_cache))
