"""What was said before in the conversation of a member with the assistant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from anthropic.types import MessageParam

from reference_app.storage.seam import Message, TenantStore


class Memory:
    """The conversations at one tenant, one for each member, kept in its store.

    Args:
        store: Where they are.
        length: Messages of a conversation that the model is reminded of at most.
    """

    def __init__(self, store: TenantStore, length: int) -> None:
        self._store = store
        self._length = length

    async def recent(self, member_id: int, limit: int) -> Sequence[Message]:
        """Return the latest messages of a conversation, the oldest of them first."""
        async with self._store.session() as session:
            return await session.messages.last(member_id, limit)

    async def turns(self, member_id: int) -> list[MessageParam]:
        """Return what the model is reminded of: questions, each with its answer.

        What lacks its other half is left out, as at the edge of what is remembered:
        the provider takes turns only in turn.
        """
        said: dict[datetime, dict[str, str]] = {}
        for message in await self.recent(member_id, self._length):
            said.setdefault(message.created_at, {})[message.role] = message.text
        turns: list[MessageParam] = []
        for both in said.values():
            if both.keys() == {"user", "assistant"}:
                turns.append({"role": "user", "content": both["user"]})
                turns.append({"role": "assistant", "content": both["assistant"]})
        return turns

    async def clear(self, member_id: int) -> None:
        """Forget a conversation."""
        async with self._store.session() as session:
            await session.messages.clear(member_id)
