"""Users of a tenant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.targets.careful_app.database import get_db
from tests.targets.careful_app.logs import logger
from tests.targets.careful_app.models import User
from tests.targets.careful_app.schemas import (
    Count,
    Limit,
    RowId,
    SearchText,
    Skip,
    UserCreate,
    UserOut,
    UserUpdate,
)
from tests.targets.careful_app.security import get_current_user, password_hash

router = APIRouter(
    prefix="/users", tags=["users"], dependencies=[Depends(get_current_user)]
)
Db = Annotated[Session, Depends(get_db)]
CurrentUser = Annotated[User, Depends(get_current_user)]


def find_user(user_id: int, db: Session) -> User:
    """Return the user, or answer 404."""
    user = db.get(User, user_id)
    if user is None:
        raise HTTPException(404, "User not found")
    return user


@router.post("", status_code=201, response_model=UserOut)
def create_user(user_in: UserCreate, db: Db) -> User:
    """Add a user."""
    user = User(
        email=user_in.email,
        full_name=user_in.full_name,
        password_hash=password_hash.hash(user_in.password),
    )
    db.add(user)
    try:
        db.commit()
    except IntegrityError as error:
        raise HTTPException(409, "Email is already registered") from error
    logger.info("user %s created", user.id)
    return user


@router.get("", response_model=list[UserOut])
def list_users(db: Db, skip: Skip = 0, limit: Limit = 50) -> Sequence[User]:
    """List the users."""
    return db.scalars(select(User).order_by(User.id).offset(skip).limit(limit)).all()


@router.get("/me", response_model=UserOut)
def read_me(user: CurrentUser) -> User:
    """Say who is asking."""
    return user


@router.get("/count")
def count_users(db: Db) -> Count:
    """Count the users."""
    return Count(count=db.scalar(select(func.count(User.id))) or 0)


@router.get("/search", response_model=list[UserOut])
def search_users(q: SearchText, db: Db) -> Sequence[User]:
    """Find the users whose name or email address contains a text."""
    in_email = User.email.icontains(q, autoescape=True)
    in_name = User.full_name.icontains(q, autoescape=True)
    found = in_email | in_name
    return db.scalars(select(User).where(found).order_by(User.id)).all()


@router.get("/{user_id}", response_model=UserOut)
def read_user(user_id: RowId, db: Db) -> User:
    """Read a user."""
    return find_user(user_id, db)


@router.put("/{user_id}", response_model=UserOut)
def update_user(user_id: RowId, user_in: UserUpdate, db: Db) -> User:
    """Change a user's name."""
    user = find_user(user_id, db)
    user.full_name = user_in.full_name
    db.commit()
    logger.info("user %s updated", user_id)
    return user


@router.delete("/{user_id}", status_code=204)
def delete_user(user_id: RowId, db: Db, me: CurrentUser) -> None:
    """Delete another user, with that user's notes."""
    if user_id == me.id:
        raise HTTPException(400, "You cannot delete yourself")
    db.delete(find_user(user_id, db))
    db.commit()
    logger.info("user %s deleted", user_id)
