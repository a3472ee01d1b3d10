"""What goes in and out of the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

# Postgres keeps no NUL in a text, and an integer has 32 bits.
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
SearchText = Annotated[str, Query(pattern=r"^[^\x00]*$")]
RowId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Skip = Annotated[int, Query(ge=0, le=2**31 - 1)]
Limit = Annotated[int, Query(ge=1, le=100)]


class Token(BaseModel):
    """The answer to a login."""

    access_token: str
    token_type: str


class NoteIn(BaseModel):
    """A note as the client sends it."""

    title: Text
    body: Text = ""


class NoteOut(NoteIn):
    """A note as the client gets it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    owner_id: int
    created_at: datetime


class UserCreate(BaseModel):
    """A new user."""

    email: Text
    password: Text
    full_name: Text = ""


class UserUpdate(BaseModel):
    """What may be changed about a user."""

    full_name: Text


class UserOut(BaseModel):
    """A user, without the password."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    email: str
    full_name: str


class OrganisationSettings(BaseModel):
    """The tenant's own settings."""

    model_config = ConfigDict(from_attributes=True)

    display_name: Text
    contact_email: Text = ""
    welcome_text: Text = ""


class Count(BaseModel):
    """How many there are."""

    count: int
