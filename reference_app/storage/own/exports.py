"""Files of the tenant that has the tables to itself."""

from __future__ import annotations

from collections.abc import Sequence

from reference_app.migrations import Connection
from reference_app.storage.seam import Export


class OwnExports:
    """Exports of the tenant on the search path."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def create(self, member_id: int) -> Export:
        (row,) = await self._connection.fetch(
            "INSERT INTO exports (member_id) VALUES ($1) "
            "RETURNING id, member_id, status, created_at, finished_at",
            member_id,
        )
        return Export(**row)

    async def finish(self, export_id: int, content: bytes) -> bool:
        found = await self._connection.fetchval(
            "UPDATE exports SET status = 'done', content = $2, finished_at = now() "
            "WHERE id = $1 AND status = 'pending' RETURNING true",
            export_id,
            content,
        )
        return bool(found)

    async def fail(self, export_id: int) -> bool:
        found = await self._connection.fetchval(
            "UPDATE exports SET status = 'failed', finished_at = now() "
            "WHERE id = $1 AND status = 'pending' RETURNING true",
            export_id,
        )
        return bool(found)

    async def get(self, export_id: int) -> Export | None:
        row = await self._connection.fetchrow(
            "SELECT id, member_id, status, created_at, finished_at "
            "FROM exports WHERE id = $1",
            export_id,
        )
        return Export(**row) if row else None

    async def content(self, export_id: int) -> bytes | None:
        content: bytes | None = await self._connection.fetchval(
            "SELECT content FROM exports WHERE id = $1", export_id
        )
        return content

    async def page(self, limit: int, offset: int) -> Sequence[Export]:
        rows = await self._connection.fetch(
            "SELECT id, member_id, status, created_at, finished_at "
            "FROM exports ORDER BY id DESC LIMIT $1 OFFSET $2",
            limit,
            offset,
        )
        return [Export(**row) for row in rows]
