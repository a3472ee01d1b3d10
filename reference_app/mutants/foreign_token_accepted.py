"""Seeded bug: a token is checked against the tenant that it names itself."""

from __future__ import annotations

from uuid import UUID

import jwt
from fastapi import FastAPI

from reference_app import main
from reference_app.auth.tokens import Tokens
from reference_app.parts import Parts
from reference_app.tenants.tenant import Tenant


class TokensByClaim(Tokens):
    """Finds the key by the token's claim; that it is this tenant's goes unasked.

    Signature, issuer, audience and expiry are verified all the same.
    """

    def tenant_to_match(self, resolved: Tenant, token: str) -> UUID:
        claims = jwt.decode(token, options={"verify_signature": False})
        return UUID(str(claims["tenant"]))


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tokens=TokensByClaim))
