"""Rendered answers that are expensive to make, each one tenant's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Hashable
from uuid import UUID

from reference_app.caches.expiring import Expiring
from reference_app.caches.rendered import Rendered
from reference_app.tenants.tenant import Tenant

_KEPT = 1000


class ResponseCache:
    """Remembers answers by tenant and URL until the tenant writes something.

    For answers that are the same for all members of a tenant.

    Args:
        lifetime: Seconds after which an answer is made again, because another
            process may have written something.
    """

    def __init__(self, lifetime: float) -> None:
        self._answers: Expiring[Hashable, tuple[UUID, Rendered]] = Expiring(
            lifetime, _KEPT
        )
        self._writes: Counter[UUID] = Counter()

    def key(self, tenant: Tenant, url: str) -> Hashable:
        """Return what an answer is kept under."""
        return tenant.id, url

    async def get(
        self, tenant: Tenant, url: str, render: Callable[[], Awaitable[bytes]]
    ) -> Rendered:
        """Return the answer for a path and query, making it if need be."""
        key = self.key(tenant, url)
        remembered = self._answers.get(key)
        if remembered is not None:
            return remembered[1]
        writes = self._writes[tenant.id]
        answer = Rendered.of(tenant, await render())
        if writes == self._writes[tenant.id]:
            self._answers.put(key, (tenant.id, answer))
        return answer

    def forget(self, tenant: Tenant) -> None:
        """Drop the tenant's answers: it has written something."""
        self._writes[tenant.id] += 1
        self._answers.drop_if(lambda entry: entry[0] == tenant.id)
