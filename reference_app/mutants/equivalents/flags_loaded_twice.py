"""Harmless: flags may be loaded twice at a time, but nothing older is remembered.

Loading them is idempotent, and allowed to happen twice: nobody waits for a turn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import TypeVar

from fastapi import FastAPI

from reference_app import main
from reference_app.caches.tenant_cache import TenantCache
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.storage.seam import Flag
from reference_app.tenants.tenant import Tenant

V = TypeVar("V")


class LoadedTwice(TenantCache[V]):
    """Counts writes: what was loaded beside one is loaded again."""

    def __init__(self, lifetime: float) -> None:
        super().__init__(lifetime)
        self._writes: Counter[Hashable] = Counter()

    async def get(self, tenant: Tenant, load: Callable[[], Awaitable[V]]) -> V:
        key = self.key(tenant)
        value = self._values.get(key)
        while value is None:
            writes = self._writes[key]
            loaded = await load()
            if writes == self._writes[key]:
                self._values.put(key, loaded)
                return loaded
            value = self._values.get(key)
        return value

    async def replace(self, tenant: Tenant, write: Callable[[], Awaitable[V]]) -> V:
        key = self.key(tenant)
        async with self._turns[key]:
            self._values.drop(key)
            try:
                value = await write()
            finally:  # also if it is not known whether it has been written
                self._writes[key] += 1
                self._values.drop(key)
            self._values.put(key, value)
        return value


def _flags(settings: Settings) -> TenantCache[Sequence[Flag]]:
    return LoadedTwice(settings.cache_lifetime)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(flag_cache=_flags))
