"""Files that members have asked for, in SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from reference_app.storage.core.tables import exports
from reference_app.storage.seam import Export

_SHOWN = exports.c["id", "member_id", "status", "created_at", "finished_at"]


class CoreExports:
    """Exports of the tenant on the search path."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def create(self, member_id: int) -> Export:
        new = insert(exports).values(member_id=member_id)
        result = await self._connection.execute(new.returning(*_SHOWN))
        return Export(*result.one())

    async def finish(self, export_id: int, content: bytes) -> bool:
        return await self._end(export_id, status="done", content=content)

    async def fail(self, export_id: int) -> bool:
        return await self._end(export_id, status="failed", content=None)

    async def get(self, export_id: int) -> Export | None:
        result = await self._connection.execute(
            select(*_SHOWN).where(exports.c.id == export_id)
        )
        row = result.one_or_none()
        return Export(*row) if row else None

    async def content(self, export_id: int) -> bytes | None:
        query = select(exports.c.content).where(exports.c.id == export_id)
        content: bytes | None = await self._connection.scalar(query)
        return content

    async def page(self, limit: int, offset: int) -> Sequence[Export]:
        result = await self._connection.execute(
            select(*_SHOWN).order_by(exports.c.id.desc()).limit(limit).offset(offset)
        )
        return [Export(*row) for row in result]

    async def _end(self, export_id: int, *, status: str, content: bytes | None) -> bool:
        result = await self._connection.execute(
            update(exports)
            .where(exports.c.id == export_id, exports.c.status == "pending")
            .values(status=status, content=content, finished_at=func.now())
        )
        return result.rowcount > 0
