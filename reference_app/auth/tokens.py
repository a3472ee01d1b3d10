"""Access tokens: JWTs that are good for one tenant only."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt

from reference_app.auth.signing_keys import SigningKeys
from reference_app.settings import Settings
from reference_app.storage.seam import Member, Role
from reference_app.tenants.tenant import Tenant

_ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling, as a token says."""

    member_id: int
    role: Role


class InvalidToken(Exception):
    """Expired, forged, or of another tenant; callers learn no more."""


class Tokens:
    """Issues and verifies tokens, each tenant's with a key of its own."""

    def __init__(self, settings: Settings, keys: SigningKeys) -> None:
        self._settings = settings
        self._keys = keys

    async def issue(self, tenant: Tenant, member: Member) -> str:
        """Return a token for a member of a tenant."""
        now = int(time.time())
        claims = {
            "iss": self._settings.token_issuer,
            "aud": self._settings.token_audience,
            "tenant": str(tenant.id),
            "sub": str(member.id),
            "role": member.role,
            "iat": now,
            "exp": now + self._settings.token_lifetime,
        }
        return jwt.encode(claims, await self._keys.of(tenant.id), _ALGORITHM)

    async def verify(self, tenant: Tenant, token: str) -> Principal:
        """Return who is calling.

        Args:
            tenant: The tenant that the request's domain stands for.
            token: What the request brought along.

        Raises:
            InvalidToken: It is not a valid token of that tenant.
        """
        try:
            tenant_id = self.tenant_to_match(tenant, token)
            claims = await self._claims(tenant_id, token)
            if claims["tenant"] != str(tenant_id):
                raise InvalidToken
            return Principal(int(claims["sub"]), claims["role"])
        except (jwt.InvalidTokenError, LookupError, ValueError):
            raise InvalidToken from None

    async def _claims(self, tenant_id: UUID, token: str) -> dict[str, Any]:
        """Return what a token says, if one of the tenant's keys has signed it.

        Another process may have rotated the keys a moment ago, so those that are
        remembered here are not the last word.
        """
        try:
            return self._decode(token, await self._keys.good(tenant_id))
        except jwt.InvalidSignatureError:
            keys = await self._keys.good(tenant_id, afresh=True)
            return self._decode(token, keys)

    def _decode(self, token: str, keys: Sequence[bytes]) -> dict[str, Any]:
        """Verify a token with the first of the keys that fits.

        Raises:
            jwt.InvalidTokenError: None does, or the token is not good any more.
        """
        *earlier, last = keys
        for key in earlier:
            try:
                return self._decode(token, (key,))
            except jwt.InvalidSignatureError:
                continue
        claims: dict[str, Any] = jwt.decode(
            token,
            last,
            algorithms=[_ALGORITHM],
            issuer=self._settings.token_issuer,
            audience=self._settings.token_audience,
            options={"require": ["exp", "iss", "aud", "sub", "tenant", "role"]},
        )
        return claims

    def tenant_to_match(self, resolved: Tenant, token: str) -> UUID:
        """Return whose token it has to be: the tenant of the domain, and no other."""
        return resolved.id
