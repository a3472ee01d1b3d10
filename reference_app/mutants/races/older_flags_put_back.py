"""Seeded bug: flags that were read before a write are remembered after it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from fastapi import FastAPI

from reference_app import main
from reference_app.caches.tenant_cache import TenantCache
from reference_app.mutants.equivalents.flags_loaded_twice import LoadedTwice
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.storage.seam import Flag
from reference_app.tenants.tenant import Tenant

V = TypeVar("V")


class OlderPutBack(LoadedTwice[V]):
    """Remembers what it has loaded last."""

    async def get(self, tenant: Tenant, load: Callable[[], Awaitable[V]]) -> V:
        key = self.key(tenant)
        value = self._values.get(key)
        if value is None:
            value = await load()
            self._values.put(key, value)
        return value


def _flags(settings: Settings) -> TenantCache[Sequence[Flag]]:
    return OlderPutBack(settings.cache_lifetime)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(flag_cache=_flags))
