"""What one tenant has used of the model provider, in tables that all share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from reference_app.migrations import Connection
from reference_app.storage.seam import UsageRow


class SharedUsage:
    """The rows of `shared.usage` that belong to one tenant."""

    def __init__(self, connection: Connection, tenant_id: UUID) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def add(
        self, member_id: int, *, requests: int, input_tokens: int, output_tokens: int
    ) -> None:
        await self._connection.execute(
            "INSERT INTO shared.usage "
            "(tenant_id, member_id, requests, input_tokens, output_tokens) "
            "VALUES ($1, $2, $3, $4, $5)",
            self._tenant_id,
            member_id,
            requests,
            input_tokens,
            output_tokens,
        )

    async def since(self, moment: datetime) -> Sequence[UsageRow]:
        rows = await self._connection.fetch(
            "SELECT member_id, sum(requests) AS requests, "
            "sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens "
            "FROM shared.usage "
            "WHERE tenant_id = $1 AND used_at >= $2 GROUP BY member_id "
            "ORDER BY member_id",
            self._tenant_id,
            moment,
        )
        return [UsageRow(**row) for row in rows]
