"""Passwords, tokens that belong to one tenant, and who is asking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import jwt
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from pwdlib import PasswordHash
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.targets.careful_app.database import get_db
from tests.targets.careful_app.logs import logger
from tests.targets.careful_app.models import Tenant, User
from tests.targets.careful_app.schemas import Token

ALGORITHM = "HS256"
ISSUER = "careful-app"
LIFETIME = timedelta(hours=1)

password_hash = PasswordHash.recommended()
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")
router = APIRouter(tags=["login"])


def create_access_token(user: User, tenant: Tenant) -> str:
    """Sign a token that names the user, with the tenant as its audience."""
    claims = {
        "sub": str(user.id),
        "iss": ISSUER,
        "aud": tenant.schema,
        "exp": datetime.now(UTC) + LIFETIME,
    }
    return jwt.encode(claims, tenant.token_key, algorithm=ALGORITHM)


def get_current_user(
    request: Request,
    token: Annotated[str, Depends(oauth2_scheme)],
    db: Annotated[Session, Depends(get_db)],
) -> User:
    """Return the user whom the token names, or answer 401."""
    tenant: Tenant = request.state.tenant
    try:
        claims = jwt.decode(
            token,
            tenant.token_key,
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            audience=tenant.schema,
            options={"require": ["sub", "iss", "aud", "exp"]},
        )
    except jwt.InvalidTokenError as error:
        logger.warning("token refused")
        raise HTTPException(401, "Invalid token") from error
    user = db.get(User, int(claims["sub"]))
    if user is None:
        raise HTTPException(401, "Unknown user")
    return user


@router.post("/token")
def login(
    request: Request,
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    db: Annotated[Session, Depends(get_db)],
) -> Token:
    """Exchange an email address and a password for a token."""
    # The form's fields are not checked, and Postgres keeps no NUL in a text.
    email = form.username.replace("\0", "")
    user = db.scalar(select(User).where(User.email == email))
    if user is None or not password_hash.verify(form.password, user.password_hash):
        logger.warning("login refused")
        raise HTTPException(401, "Incorrect email or password")
    logger.info("user %s logged in", user.id)
    token = create_access_token(user, request.state.tenant)
    return Token(access_token=token, token_type="bearer")
