"""What goes in and out of the API."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

# Postgres keeps no NUL in a text.
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
Password = Annotated[str, Field(min_length=8)]
Limit = Annotated[int, Query(ge=1, le=100)]
Offset = Annotated[int, Query(ge=0, le=2**31 - 1)]


class Signup(BaseModel):
    """A company that signs up, with its first member."""

    company_name: Text
    email: Text
    password: Password


class SignedUp(BaseModel):
    """What a company needs to go on."""

    tenant_id: UUID


class Credentials(BaseModel):
    """A login."""

    email: Text
    password: str


class Session(BaseModel):
    """What a login yields."""

    token: str
    expires_in: int


class LoggedIn(BaseModel):
    """The answer to a login."""

    data: Session


class ApiKeyIn(BaseModel):
    """A key to be made."""

    label: Text


class ApiKeyOut(ApiKeyIn):
    """A new key; it is shown this once."""

    id: UUID
    key: str


class MemberIn(BaseModel):
    """A new member."""

    email: Text
    password: Password


class MemberOut(BaseModel):
    """A member, without the password."""

    id: UUID
    email: str


class ProjectIn(BaseModel):
    """A project as the client sends it."""

    name: Text
    description: Text = ""


class ProjectOut(ProjectIn):
    """A project as the client gets it."""

    id: UUID


class TaskIn(BaseModel):
    """A task as the client sends it."""

    title: Text
    done: bool = False
    assignee_id: UUID | None = None


class TaskOut(TaskIn):
    """A task as the client gets it."""

    id: UUID
    project_id: UUID


class MemberPage(BaseModel):
    """Some of the members."""

    items: list[MemberOut]
    total: int


class ProjectPage(BaseModel):
    """Some of the projects."""

    items: list[ProjectOut]
    total: int


class TaskPage(BaseModel):
    """Some of a project's tasks."""

    items: list[TaskOut]
    total: int
