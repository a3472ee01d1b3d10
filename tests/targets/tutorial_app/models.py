"""Tables."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from tests.targets.tutorial_app.database import SharedBase, TenantBase


class Tenant(SharedBase):
    """A customer; its schema is called like the customer."""

    __tablename__ = "tenants"
    __table_args__ = ({"schema": "public"},)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    host: Mapped[str] = mapped_column(unique=True)


class User(TenantBase):
    """Someone who works for a tenant."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    full_name: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str]


class Note(TenantBase):
    """Something a user wrote down."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    body: Mapped[str] = mapped_column(default="")
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Organisation(TenantBase):
    """The tenant's own settings, in one row."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    display_name: Mapped[str]
    contact_email: Mapped[str] = mapped_column(default="")
    welcome_text: Mapped[str] = mapped_column(default="")
