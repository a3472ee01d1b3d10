"""Feature flags of one tenant, in tables that all share."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from reference_app.migrations import Connection
from reference_app.storage.seam import Flag


class SharedFlags:
    """The rows of `shared.flags` that belong to one tenant."""

    def __init__(self, connection: Connection, tenant_id: UUID) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def all(self) -> Sequence[Flag]:
        rows = await self._connection.fetch(
            "SELECT name, enabled, description FROM shared.flags "
            "WHERE tenant_id = $1 ORDER BY name",
            self._tenant_id,
        )
        return [Flag(**row) for row in rows]

    async def put(self, flag: Flag) -> Flag:
        await self._connection.execute(
            "INSERT INTO shared.flags (tenant_id, name, enabled, description) "
            "VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id, name) DO UPDATE "
            "SET enabled = excluded.enabled, description = excluded.description",
            self._tenant_id,
            flag.name,
            flag.enabled,
            flag.description,
        )
        return flag
