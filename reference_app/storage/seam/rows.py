"""The rows that storages deal in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Role = Literal["admin", "member"]
Speaker = Literal["user", "assistant"]
ExportStatus = Literal["pending", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Document:
    """A text of a tenant's."""

    id: int
    title: str
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who may log in to a tenant, without the password."""

    id: int
    email: str
    name: str
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Login:
    """What logging in needs to know of a member."""

    member: Member
    password_hash: str


@dataclass(frozen=True, slots=True)
class Flag:
    """A feature flag."""

    name: str
    enabled: bool
    description: str


@dataclass(frozen=True, slots=True)
class Message:
    """What a member or the assistant said in the conversation of that member."""

    id: int
    member_id: int
    role: Speaker
    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class UsageRow:
    """What a member has used of the model provider, added up."""

    member_id: int
    requests: int
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what; `member_id` is None where it was no member."""

    id: int
    member_id: int | None
    action: str
    subject: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Export:
    """A file that a member has asked for, without its content."""

    id: int
    member_id: int
    status: ExportStatus
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a tenant wants to be told of changes, without the secret."""

    id: int
    url: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SigningWebhook:
    """A webhook with the secret that its messages are signed with."""

    webhook: Webhook
    secret: str = field(repr=False)


class EmailTaken(Exception):
    """A member of the tenant has that address already."""
