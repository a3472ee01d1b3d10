"""Conversations of the tenant that has the tables to itself."""

from __future__ import annotations

from collections.abc import Sequence

from reference_app.migrations import Connection
from reference_app.storage.seam import Message, Speaker


class OwnMessages:
    """Messages of the tenant on the search path."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, member_id: int, role: Speaker, text: str) -> Message:
        (row,) = await self._connection.fetch(
            "INSERT INTO messages (member_id, role, text) VALUES ($1, $2, $3) "
            "RETURNING id, member_id, role, text, created_at",
            member_id,
            role,
            text,
        )
        return Message(**row)

    async def exchange(self, member_id: int, question: str, answer: str) -> None:
        await self._connection.execute(
            "INSERT INTO messages (member_id, role, text) "
            "VALUES ($1, 'user', $2), ($1, 'assistant', $3)",
            member_id,
            question,
            answer,
        )

    async def last(self, member_id: int, limit: int) -> Sequence[Message]:
        rows = await self._connection.fetch(
            "SELECT id, member_id, role, text, created_at "
            "FROM messages WHERE member_id = $1 ORDER BY id DESC LIMIT $2",
            member_id,
            limit,
        )
        return [Message(**row) for row in reversed(rows)]

    async def clear(self, member_id: int) -> None:
        await self._connection.execute(
            "DELETE FROM messages WHERE member_id = $1", member_id
        )
