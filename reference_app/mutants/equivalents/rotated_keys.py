"""Harmless: a token that one key refuses is tried with others, all the tenant's."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from uuid import UUID

from fastapi import FastAPI

from reference_app import main
from reference_app.auth.signing_keys import SigningKeys
from reference_app.auth.tokens import InvalidToken, Principal, Tokens
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.storage.seam import Member
from reference_app.tenants.tenant import Tenant

GENERATIONS = ("third", "second")
"""Whose keys are good; the first of them signs."""


class KeysOfGeneration(SigningKeys):
    """Keys that were derived from each tenant's own for one generation."""

    def __init__(self, keys: SigningKeys, generation: str) -> None:
        self._keys = keys
        self._generation = generation.encode()

    async def of(self, tenant_id: UUID) -> bytes:
        return self._derived(await self._keys.of(tenant_id))

    async def good(self, tenant_id: UUID, *, afresh: bool = False) -> Sequence[bytes]:
        keys = await self._keys.good(tenant_id, afresh=afresh)
        return [self._derived(key) for key in keys]

    def _derived(self, key: bytes) -> bytes:
        return hmac.digest(key, self._generation, hashlib.sha256)


class RotatedTokens(Tokens):
    """Lets tokens of the last generation live on while a new one signs."""

    def __init__(self, settings: Settings, keys: SigningKeys) -> None:
        super().__init__(settings, keys)
        self._generations = [
            Tokens(settings, KeysOfGeneration(keys, name)) for name in GENERATIONS
        ]

    async def issue(self, tenant: Tenant, member: Member) -> str:
        return await self._generations[0].issue(tenant, member)

    async def verify(self, tenant: Tenant, token: str) -> Principal:
        for tokens in self._generations:
            try:
                return await tokens.verify(tenant, token)
            except InvalidToken:
                continue
        raise InvalidToken


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tokens=RotatedTokens))
