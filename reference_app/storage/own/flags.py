"""Feature flags of the tenant that has the tables to itself."""

from __future__ import annotations

from collections.abc import Sequence

from reference_app.migrations import Connection
from reference_app.storage.seam import Flag


class OwnFlags:
    """Feature flags of the tenant on the search path."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def all(self) -> Sequence[Flag]:
        rows = await self._connection.fetch(
            "SELECT name, enabled, description FROM flags ORDER BY name"
        )
        return [Flag(**row) for row in rows]

    async def put(self, flag: Flag) -> Flag:
        await self._connection.execute(
            "INSERT INTO flags (name, enabled, description) VALUES ($1, $2, $3) "
            "ON CONFLICT ON CONSTRAINT flags_pkey DO UPDATE "
            "SET enabled = excluded.enabled, description = excluded.description",
            flag.name,
            flag.enabled,
            flag.description,
        )
        return flag
