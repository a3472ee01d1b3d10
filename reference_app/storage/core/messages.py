"""Conversations, in SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from reference_app.storage.core.tables import messages
from reference_app.storage.seam import Message, Speaker


class CoreMessages:
    """Messages of the tenant on the search path."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, member_id: int, role: Speaker, text: str) -> Message:
        new = insert(messages).values(member_id=member_id, role=role, text=text)
        result = await self._connection.execute(new.returning(*messages.c))
        return Message(*result.one())

    async def exchange(self, member_id: int, question: str, answer: str) -> None:
        rows = [
            {"member_id": member_id, "role": "user", "text": question},
            {"member_id": member_id, "role": "assistant", "text": answer},
        ]
        await self._connection.execute(insert(messages).values(rows))

    async def last(self, member_id: int, limit: int) -> Sequence[Message]:
        result = await self._connection.execute(
            select(messages)
            .where(messages.c.member_id == member_id)
            .order_by(messages.c.id.desc())
            .limit(limit)
        )
        return [Message(*row) for row in reversed(result.all())]

    async def clear(self, member_id: int) -> None:
        await self._connection.execute(
            delete(messages).where(messages.c.member_id == member_id)
        )
