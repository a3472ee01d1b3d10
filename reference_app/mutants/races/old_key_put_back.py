"""Seeded bug: a key that was read before its rotation is remembered after it.

Tokens that it signed stay good for as long as keys are remembered.
"""

from __future__ import annotations

from uuid import UUID

from fastapi import FastAPI

from reference_app import main
from reference_app.auth.signing_keys import KeyPair, SigningKeys
from reference_app.parts import Parts


class OldKeyPutBack(SigningKeys):
    """Reads under the tenant's lock, and remembers what it has read."""

    async def _pair(self, tenant_id: UUID) -> KeyPair:
        known = self._known.get(tenant_id)
        if known is not None:
            return known
        async with self._turns[tenant_id]:
            known = self._known.get(tenant_id)
            if known is None:
                known = await self._read(tenant_id)
                self._known.put(tenant_id, known)
            return known


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(signing_keys=OldKeyPutBack))
