"""The audit trail of the tenant that has the tables to itself."""

from __future__ import annotations

from collections.abc import Sequence

from reference_app.migrations import Connection
from reference_app.storage.seam import AuditEntry


class OwnAudit:
    """The audit trail of the tenant on the search path."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def append(self, member_id: int | None, action: str, subject: str) -> None:
        await self._connection.execute(
            "INSERT INTO audit (member_id, action, subject) VALUES ($1, $2, $3)",
            member_id,
            action,
            subject,
        )

    async def page(self, limit: int, offset: int) -> Sequence[AuditEntry]:
        rows = await self._connection.fetch(
            "SELECT id, member_id, action, subject, created_at "
            "FROM audit ORDER BY id DESC LIMIT $1 OFFSET $2",
            limit,
            offset,
        )
        return [AuditEntry(**row) for row in rows]
