"""What goes in and out of the API."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class Token(BaseModel):
    """The answer to a login."""

    access_token: str
    token_type: str


class NoteIn(BaseModel):
    """A note as the client sends it."""

    title: str
    body: str = ""


class NoteOut(NoteIn):
    """A note as the client gets it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    owner_id: int
    created_at: datetime


class UserCreate(BaseModel):
    """A new user."""

    email: str
    password: str
    full_name: str = ""


class UserUpdate(BaseModel):
    """What may be changed about a user."""

    full_name: str


class UserOut(BaseModel):
    """A user, without the password."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    email: str
    full_name: str


class OrganisationSettings(BaseModel):
    """The tenant's own settings."""

    model_config = ConfigDict(from_attributes=True)

    display_name: str
    contact_email: str = ""
    welcome_text: str = ""


class Count(BaseModel):
    """How many there are."""

    count: int
