"""Which version of a tenant's data something was made from."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from reference_app.tenants.tenant import Tenant


class Versions:
    """Counts each tenant's writes in this process, for what is made from many rows."""

    def __init__(self) -> None:
        self._writes: Counter[UUID] = Counter()

    def of(self, tenant: Tenant) -> int:
        """Return a number that changes with each write."""
        return self._writes[tenant.id]

    def advance(self, tenant: Tenant) -> None:
        """Note a write."""
        self._writes[tenant.id] += 1
