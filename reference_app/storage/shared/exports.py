"""Files of one tenant, in tables that all share."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from reference_app.migrations import Connection
from reference_app.storage.seam import Export


class SharedExports:
    """The rows of `shared.exports` that belong to one tenant."""

    def __init__(self, connection: Connection, tenant_id: UUID) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def create(self, member_id: int) -> Export:
        (row,) = await self._connection.fetch(
            "INSERT INTO shared.exports (tenant_id, member_id) VALUES ($1, $2) "
            "RETURNING id, member_id, status, created_at, finished_at",
            self._tenant_id,
            member_id,
        )
        return Export(**row)

    async def finish(self, export_id: int, content: bytes) -> bool:
        found = await self._connection.fetchval(
            "UPDATE shared.exports "
            "SET status = 'done', content = $3, finished_at = now() "
            "WHERE tenant_id = $1 AND id = $2 AND status = 'pending' RETURNING true",
            self._tenant_id,
            export_id,
            content,
        )
        return bool(found)

    async def fail(self, export_id: int) -> bool:
        found = await self._connection.fetchval(
            "UPDATE shared.exports SET status = 'failed', finished_at = now() "
            "WHERE tenant_id = $1 AND id = $2 AND status = 'pending' RETURNING true",
            self._tenant_id,
            export_id,
        )
        return bool(found)

    async def get(self, export_id: int) -> Export | None:
        row = await self._connection.fetchrow(
            "SELECT id, member_id, status, created_at, finished_at "
            "FROM shared.exports WHERE tenant_id = $1 AND id = $2",
            self._tenant_id,
            export_id,
        )
        return Export(**row) if row else None

    async def content(self, export_id: int) -> bytes | None:
        content: bytes | None = await self._connection.fetchval(
            "SELECT content FROM shared.exports WHERE tenant_id = $1 AND id = $2",
            self._tenant_id,
            export_id,
        )
        return content

    async def page(self, limit: int, offset: int) -> Sequence[Export]:
        rows = await self._connection.fetch(
            "SELECT id, member_id, status, created_at, finished_at "
            "FROM shared.exports "
            "WHERE tenant_id = $1 ORDER BY id DESC LIMIT $2 OFFSET $3",
            self._tenant_id,
            limit,
            offset,
        )
        return [Export(**row) for row in rows]
