"""Access tokens: JWTs that are good for one tenant only."""

from __future__ import annotations

import time
from dataclasses import dataclass
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
            claims = jwt.decode(
                token,
                await self._keys.of(tenant_id),
                algorithms=[_ALGORITHM],
                issuer=self._settings.token_issuer,
                audience=self._settings.token_audience,
                options={"require": ["exp", "iss", "aud", "sub", "tenant", "role"]},
            )
            if claims["tenant"] != str(tenant_id):
                raise InvalidToken
            return Principal(int(claims["sub"]), claims["role"])
        except (jwt.InvalidTokenError, LookupError, ValueError):
            raise InvalidToken from None

    def tenant_to_match(self, resolved: Tenant, token: str) -> UUID:
        """Return whose token it has to be: the tenant of the domain, and no other."""
        return resolved.id
