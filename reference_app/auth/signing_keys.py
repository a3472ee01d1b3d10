"""The key that a tenant's tokens are signed with."""

from __future__ import annotations

from uuid import UUID

import asyncpg


class SigningKeys:
    """Reads each tenant's key once; keys do not change."""

    def __init__(self, control: asyncpg.Pool) -> None:
        self._control = control
        self._known: dict[UUID, bytes] = {}

    async def of(self, tenant_id: UUID) -> bytes:
        """Return a tenant's key.

        Raises:
            LookupError: There is no such tenant.
        """
        if tenant_id not in self._known:
            key = await self._control.fetchval(
                "SELECT signing_key FROM control.tenants WHERE id = $1", tenant_id
            )
            if key is None:
                raise LookupError("no such tenant")
            self._known[tenant_id] = key
        return self._known[tenant_id]
