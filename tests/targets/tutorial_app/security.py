"""Passwords, tokens, and who is asking."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Annotated

import jwt
from fastapi import APIRouter, Depends, HTTPException
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from pwdlib import PasswordHash
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.targets.tutorial_app.database import get_db
from tests.targets.tutorial_app.logs import logger
from tests.targets.tutorial_app.models import User
from tests.targets.tutorial_app.schemas import Token

SECRET_KEY = os.environ.get("SECRET_KEY", "please-change-me-before-going-live")
ALGORITHM = "HS256"
LIFETIME = timedelta(hours=1)

password_hash = PasswordHash.recommended()
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")
router = APIRouter(tags=["login"])


def create_access_token(user: User) -> str:
    """Sign a token that names the user."""
    claims = {"sub": str(user.id), "exp": datetime.now(UTC) + LIFETIME}
    return jwt.encode(claims, SECRET_KEY, algorithm=ALGORITHM)


def get_current_user(
    token: Annotated[str, Depends(oauth2_scheme)],
    db: Annotated[Session, Depends(get_db)],
) -> User:
    """Return the user whom the token names, or answer 401."""
    try:
        claims = jwt.decode(token, SECRET_KEY, algorithms=[ALGORITHM])
    except jwt.InvalidTokenError as error:
        raise HTTPException(401, "Invalid token") from error
    user = db.get(User, int(claims["sub"]))
    if user is None:
        raise HTTPException(401, "Unknown user")
    return user


@router.post("/token")
def login(
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    db: Annotated[Session, Depends(get_db)],
) -> Token:
    """Exchange an email address and a password for a token."""
    user = db.scalar(select(User).where(User.email == form.username))
    if user is None or not password_hash.verify(form.password, user.password_hash):
        logger.warning("login refused")
        raise HTTPException(401, "Incorrect email or password")
    logger.info("user %s logged in", user.id)
    return Token(access_token=create_access_token(user), token_type="bearer")
