"""One value per tenant, remembered between requests."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from reference_app.caches.expiring import Expiring
from reference_app.tenants.tenant import Tenant

V = TypeVar("V")

_KEPT = 10_000


class TenantCache(Generic[V]):
    """Remembers one value of a kind for each tenant.

    Reading and writing the same value take turns, so a slow read never puts
    back what a write has replaced.

    Args:
        lifetime: Seconds after which a value is loaded again, because another
            process may have replaced it.
    """

    def __init__(self, lifetime: float) -> None:
        self._values: Expiring[Hashable, V] = Expiring(lifetime, _KEPT)
        self._turns: defaultdict[Hashable, asyncio.Lock] = defaultdict(asyncio.Lock)

    def key(self, tenant: Tenant) -> Hashable:
        """Return what a tenant's value is kept under."""
        return tenant.id

    async def get(self, tenant: Tenant, load: Callable[[], Awaitable[V]]) -> V:
        """Return the tenant's value, loading it if it is not remembered."""
        key = self.key(tenant)
        value = self._values.get(key)
        if value is not None:
            return value
        async with self._turns[key]:
            value = self._values.get(key)
            if value is None:
                value = await load()
                self._values.put(key, value)
            return value

    async def replace(self, tenant: Tenant, write: Callable[[], Awaitable[V]]) -> V:
        """Write a new value where it is kept, and remember it."""
        key = self.key(tenant)
        async with self._turns[key]:
            value = await write()
            self._values.put(key, value)
            return value
