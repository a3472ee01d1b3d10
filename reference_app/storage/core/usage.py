"""What is used of the model provider, in SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from reference_app.storage.core.tables import usage
from reference_app.storage.seam import UsageRow


class CoreUsage:
    """Usage of the tenant on the search path."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(
        self, member_id: int, *, requests: int, input_tokens: int, output_tokens: int
    ) -> None:
        await self._connection.execute(
            insert(usage).values(
                member_id=member_id,
                requests=requests,
                input_tokens=input_tokens,
                output_tokens=output_tokens,
            )
        )

    async def since(self, moment: datetime) -> Sequence[UsageRow]:
        result = await self._connection.execute(
            select(
                usage.c.member_id,
                func.sum(usage.c.requests),
                func.sum(usage.c.input_tokens),
                func.sum(usage.c.output_tokens),
            )
            .where(usage.c.used_at >= moment)
            .group_by(usage.c.member_id)
            .order_by(usage.c.member_id)
        )
        return [UsageRow(*row) for row in result]
