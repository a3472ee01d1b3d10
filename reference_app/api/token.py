"""Logging in: OAuth2 with a password (RFC 6749, section 4.3)."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import BaseModel

from reference_app.api.dependencies import (
    MEMBER_ERRORS,
    Anybody,
    AppResources,
    Current,
    unauthenticated,
)
from reference_app.problems import problems
from reference_app.resources import CurrentTenant
from reference_app.storage.seam import Login

router = APIRouter(
    prefix="/token", tags=["token"], responses=MEMBER_ERRORS, dependencies=[Anybody]
)


class Token(BaseModel):
    """An access token; `expires_in` is in seconds."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int


@router.post("", responses=problems(400, 422))
async def create_token(
    current: Current,
    resources: AppResources,
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
) -> Token:
    """Log in with email address and password, to the tenant of this domain."""
    login = await _find(current, form.username)
    password_hash = login.password_hash if login else None
    right = await resources.passwords.verify(form.password, password_hash)
    if login is None or not right:
        raise unauthenticated()
    return Token(
        access_token=await resources.tokens.issue(current.tenant, login.member),
        expires_in=resources.settings.token_lifetime,
    )


async def _find(current: CurrentTenant, email: str) -> Login | None:
    """Find who logs in; gives the connection back before the slow part."""
    if "\0" in email:  # Postgres has no such text
        return None
    async with current.store.session() as session:
        return await session.members.login(email)
