"""Signing up, logging in, API keys and members."""

from __future__ import annotations

import secrets
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Depends, HTTPException
from pwdlib import PasswordHash
from starlette.concurrency import run_in_threadpool

from tests.targets.header_app.auth import (
    LIFETIME,
    Me,
    Tenant,
    digest_of,
    named_tenant,
    sign_token,
)
from tests.targets.header_app.database import Db
from tests.targets.header_app.logs import logger
from tests.targets.header_app.schemas import (
    ApiKeyIn,
    ApiKeyOut,
    Credentials,
    Limit,
    LoggedIn,
    MemberIn,
    MemberOut,
    MemberPage,
    Offset,
    Session,
    SignedUp,
    Signup,
)

password_hash = PasswordHash.recommended()
router = APIRouter()


@router.post("/signup", status_code=201)
async def sign_up(signup: Signup, db: Db) -> SignedUp:
    """Create a company and its first member; open to everybody."""
    hashed = await run_in_threadpool(password_hash.hash, signup.password)
    async with db.transaction():
        tenant_id = await db.fetchval(
            "INSERT INTO tenants (company_name, token_key) VALUES ($1, $2)"
            " RETURNING id",
            signup.company_name,
            secrets.token_hex(32),
        )
        await db.execute(
            "INSERT INTO members (tenant_id, email, password_hash) VALUES ($1, $2, $3)",
            tenant_id,
            signup.email,
            hashed,
        )
    logger.info("company signed up", extra={"tenant": str(tenant_id)})
    return SignedUp(tenant_id=tenant_id)


@router.post("/login")
async def log_in(
    credentials: Credentials, db: Db, tenant: Annotated[Tenant, Depends(named_tenant)]
) -> LoggedIn:
    """Exchange an email address and a password for a token."""
    member = await db.fetchrow(
        "SELECT id, password_hash FROM members WHERE tenant_id = $1 AND email = $2",
        tenant.id,
        credentials.email,
    )
    if member is None or not await run_in_threadpool(
        password_hash.verify, credentials.password, member["password_hash"]
    ):
        logger.warning("login refused", extra={"tenant": str(tenant.id)})
        raise HTTPException(401, "Invalid credentials")
    logger.info("member logged in", extra={"tenant": str(tenant.id)})
    token = sign_token(tenant, member["id"])
    return LoggedIn(data=Session(token=token, expires_in=int(LIFETIME.total_seconds())))


@router.post("/api-keys/", status_code=201)
async def create_api_key(body: ApiKeyIn, db: Db, me: Me) -> ApiKeyOut:
    """Make an API key that acts for the member."""
    key = secrets.token_urlsafe(32)
    key_id = await db.fetchval(
        "INSERT INTO api_keys (tenant_id, member_id, label, digest)"
        " VALUES ($1, $2, $3, $4) RETURNING id",
        me.tenant_id,
        me.member_id,
        body.label,
        digest_of(key),
    )
    me.log("API key created")
    return ApiKeyOut(id=key_id, label=body.label, key=key)


@router.post("/members/", status_code=201)
async def add_member(body: MemberIn, db: Db, me: Me) -> MemberOut:
    """Add a member."""
    hashed = await run_in_threadpool(password_hash.hash, body.password)
    try:
        member_id = await db.fetchval(
            "INSERT INTO members (tenant_id, email, password_hash) VALUES ($1, $2, $3)"
            " RETURNING id",
            me.tenant_id,
            body.email,
            hashed,
        )
    except asyncpg.UniqueViolationError as error:
        raise HTTPException(409, "Email is already registered") from error
    me.log("member added")
    return MemberOut(id=member_id, email=body.email)


@router.get("/members/")
async def list_members(
    db: Db, me: Me, limit: Limit = 50, offset: Offset = 0
) -> MemberPage:
    """List the members by email address."""
    rows = await db.fetch(
        "SELECT id, email FROM members WHERE tenant_id = $1"
        " ORDER BY email LIMIT $2 OFFSET $3",
        me.tenant_id,
        limit,
        offset,
    )
    total = await db.fetchval(
        "SELECT count(*) FROM members WHERE tenant_id = $1", me.tenant_id
    )
    return MemberPage(items=[MemberOut(**row) for row in rows], total=total)
