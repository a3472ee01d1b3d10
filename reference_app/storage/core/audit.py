"""The audit trail, in SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from reference_app.storage.core.tables import audit
from reference_app.storage.seam import AuditEntry


class CoreAudit:
    """The audit trail of the tenant on the search path."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def append(self, member_id: int | None, action: str, subject: str) -> None:
        await self._connection.execute(
            insert(audit).values(member_id=member_id, action=action, subject=subject)
        )

    async def page(self, limit: int, offset: int) -> Sequence[AuditEntry]:
        result = await self._connection.execute(
            select(audit).order_by(audit.c.id.desc()).limit(limit).offset(offset)
        )
        return [AuditEntry(*row) for row in result]
