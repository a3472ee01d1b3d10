"""Seeded bug: a conversation that was read is remembered by the member's number."""

from __future__ import annotations

from collections.abc import Sequence

from anthropic.types import MessageParam
from fastapi import FastAPI

from reference_app import main
from reference_app.ai.memory import Memory
from reference_app.caches.expiring import Expiring
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.storage.seam import Message, TenantStore

_KEPT = 1000

Conversations = Expiring[int, Sequence[Message]]


class RememberedMemory(Memory):
    """Reads a conversation once while nothing is said in it."""

    def __init__(self, store: TenantStore, length: int, known: Conversations) -> None:
        super().__init__(store, length)
        self._known = known

    async def recent(self, member_id: int, limit: int) -> Sequence[Message]:
        known = self._known.get(member_id)
        if known is None:
            known = await super().recent(member_id, limit)
            self._known.put(member_id, known)
        return known[-limit:]

    async def turns(self, member_id: int) -> list[MessageParam]:
        self._known.drop(member_id)
        try:
            return await super().turns(member_id)
        finally:
            self._known.drop(member_id)  # more is going to be said

    async def clear(self, member_id: int) -> None:
        await super().clear(member_id)
        self._known.drop(member_id)


class OneForAll:
    """Gives the memories of all tenants one cache, which has a bound then."""

    def __init__(self) -> None:
        self._known: Conversations | None = None

    def __call__(self, settings: Settings, store: TenantStore) -> Memory:
        if self._known is None:
            self._known = Expiring(settings.cache_lifetime, _KEPT)
        return RememberedMemory(store, settings.memory_length, self._known)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(memory=OneForAll()))
