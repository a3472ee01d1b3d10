"""Who is asking: a tenant by header, a member by token or by API key."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import jwt
from fastapi import Depends, Header, HTTPException, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from tests.targets.header_app.database import Connection, Db
from tests.targets.header_app.logs import logger

ALGORITHM = "HS256"
LIFETIME = timedelta(hours=1)

bearer_scheme = HTTPBearer(auto_error=False)
api_key_scheme = APIKeyHeader(name="X-API-Key", auto_error=False)


@dataclass(frozen=True, slots=True)
class Tenant:
    """The company that a request is for."""

    id: UUID
    token_key: str


@dataclass(frozen=True, slots=True)
class Caller:
    """The member who makes a request."""

    tenant_id: UUID
    member_id: UUID

    def log(self, event: str) -> None:
        """Write a line about what this member did."""
        logger.info(event, extra={"tenant": str(self.tenant_id)})


async def named_tenant(
    db: Db, x_tenant_id: Annotated[UUID, Header(alias="X-Tenant-ID")]
) -> Tenant:
    """Return the tenant that the header names, or answer 404."""
    key = await db.fetchval("SELECT token_key FROM tenants WHERE id = $1", x_tenant_id)
    if key is None:
        raise HTTPException(404, "Unknown tenant")
    return Tenant(x_tenant_id, key)


def sign_token(tenant: Tenant, member_id: UUID) -> str:
    """Return a token for a member, good for the member's own tenant."""
    claims = {
        "sub": str(member_id),
        "aud": str(tenant.id),
        "exp": datetime.now(UTC) + LIFETIME,
    }
    return jwt.encode(claims, tenant.token_key, algorithm=ALGORITHM)


def digest_of(api_key: str) -> bytes:
    """Return what is stored of an API key."""
    return hashlib.sha256(api_key.encode()).digest()


async def member_of_token(db: Connection, tenant: Tenant, token: str) -> UUID | None:
    """Return the member whom a token names, if it is good for the tenant."""
    try:
        claims = jwt.decode(
            token,
            tenant.token_key,
            algorithms=[ALGORITHM],
            audience=str(tenant.id),
            options={"require": ["sub", "aud", "exp"]},
        )
    except jwt.InvalidTokenError:
        return None
    found: UUID | None = await db.fetchval(
        "SELECT id FROM members WHERE tenant_id = $1 AND id = $2",
        tenant.id,
        UUID(claims["sub"]),
    )
    return found


async def member_of_key(db: Connection, tenant: Tenant, api_key: str) -> UUID | None:
    """Return the member whose API key this is, if it is one of the tenant's."""
    found: UUID | None = await db.fetchval(
        "SELECT member_id FROM api_keys WHERE tenant_id = $1 AND digest = $2",
        tenant.id,
        digest_of(api_key),
    )
    return found


async def current_caller(
    request: Request,
    db: Db,
    tenant: Annotated[Tenant, Depends(named_tenant)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer_scheme)],
    api_key: Annotated[str | None, Depends(api_key_scheme)],
) -> Caller:
    """Return the member who is asking, or answer 401."""
    member_id = None
    if bearer is not None:
        member_id = await member_of_token(db, tenant, bearer.credentials)
    elif api_key is not None:
        member_id = await member_of_key(db, tenant, api_key)
    if member_id is None:
        logger.warning("credentials refused", extra={"tenant": str(tenant.id)})
        raise HTTPException(401, "Invalid credentials")
    caller = Caller(tenant.id, member_id)
    caller.log(f"{request.method} {request.url.path}")
    return caller


Me = Annotated[Caller, Depends(current_caller)]
