"""What the tenant that has the tables to itself has used of the model provider."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reference_app.migrations import Connection
from reference_app.storage.seam import UsageRow


class OwnUsage:
    """Usage of the tenant on the search path."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(
        self, member_id: int, *, requests: int, input_tokens: int, output_tokens: int
    ) -> None:
        await self._connection.execute(
            "INSERT INTO usage (member_id, requests, input_tokens, output_tokens) "
            "VALUES ($1, $2, $3, $4)",
            member_id,
            requests,
            input_tokens,
            output_tokens,
        )

    async def since(self, moment: datetime) -> Sequence[UsageRow]:
        rows = await self._connection.fetch(
            "SELECT member_id, sum(requests) AS requests, "
            "sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens "
            "FROM usage WHERE used_at >= $1 GROUP BY member_id ORDER BY member_id",
            moment,
        )
        return [UsageRow(**row) for row in rows]
