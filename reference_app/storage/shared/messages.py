"""Conversations of one tenant, in tables that all share."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from reference_app.migrations import Connection
from reference_app.storage.seam import Message, Speaker


class SharedMessages:
    """The rows of `shared.messages` that belong to one tenant."""

    def __init__(self, connection: Connection, tenant_id: UUID) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def add(self, member_id: int, role: Speaker, text: str) -> Message:
        (row,) = await self._connection.fetch(
            "INSERT INTO shared.messages (tenant_id, member_id, role, text) "
            "VALUES ($1, $2, $3, $4) "
            "RETURNING id, member_id, role, text, created_at",
            self._tenant_id,
            member_id,
            role,
            text,
        )
        return Message(**row)

    async def exchange(self, member_id: int, question: str, answer: str) -> None:
        await self._connection.execute(
            "INSERT INTO shared.messages (tenant_id, member_id, role, text) "
            "VALUES ($1, $2, 'user', $3), ($1, $2, 'assistant', $4)",
            self._tenant_id,
            member_id,
            question,
            answer,
        )

    async def last(self, member_id: int, limit: int) -> Sequence[Message]:
        rows = await self._connection.fetch(
            "SELECT id, member_id, role, text, created_at "
            "FROM shared.messages "
            "WHERE tenant_id = $1 AND member_id = $2 ORDER BY id DESC LIMIT $3",
            self._tenant_id,
            member_id,
            limit,
        )
        return [Message(**row) for row in reversed(rows)]

    async def clear(self, member_id: int) -> None:
        await self._connection.execute(
            "DELETE FROM shared.messages WHERE tenant_id = $1 AND member_id = $2",
            self._tenant_id,
            member_id,
        )
