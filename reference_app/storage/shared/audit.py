"""The audit trail of one tenant, in tables that all share."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from reference_app.migrations import Connection
from reference_app.storage.seam import AuditEntry


class SharedAudit:
    """The rows of `shared.audit` that belong to one tenant."""

    def __init__(self, connection: Connection, tenant_id: UUID) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def append(self, member_id: int | None, action: str, subject: str) -> None:
        await self._connection.execute(
            "INSERT INTO shared.audit (tenant_id, member_id, action, subject) "
            "VALUES ($1, $2, $3, $4)",
            self._tenant_id,
            member_id,
            action,
            subject,
        )

    async def page(self, limit: int, offset: int) -> Sequence[AuditEntry]:
        rows = await self._connection.fetch(
            "SELECT id, member_id, action, subject, created_at "
            "FROM shared.audit "
            "WHERE tenant_id = $1 ORDER BY id DESC LIMIT $2 OFFSET $3",
            self._tenant_id,
            limit,
            offset,
        )
        return [AuditEntry(**row) for row in rows]
