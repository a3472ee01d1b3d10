"""Seeded bug: a key that was ever good stays good when it was rotated without grace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import asyncpg
from fastapi import FastAPI

from reference_app import main
from reference_app.auth.signing_keys import SigningKeys
from reference_app.parts import Parts
from reference_app.settings import Settings


class CollectedKeys(SigningKeys):
    """Collects keys, so that tokens which another process has signed are good."""

    def __init__(self, settings: Settings, control: asyncpg.Pool) -> None:
        super().__init__(settings, control)
        self._seen: defaultdict[UUID, set[bytes]] = defaultdict(set)

    async def good(self, tenant_id: UUID, *, afresh: bool = False) -> Sequence[bytes]:
        keys = await super().good(tenant_id, afresh=afresh)
        earlier = self._seen[tenant_id].difference(keys)
        self._seen[tenant_id].update(keys)
        return (*keys, *earlier)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(signing_keys=CollectedKeys))
