"""What a session can do with the rows of one tenant, table by table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from reference_app.storage.seam.rows import (
    AuditEntry,
    Document,
    Export,
    Flag,
    Login,
    Member,
    Message,
    Role,
    SigningWebhook,
    Speaker,
    UsageRow,
    Webhook,
)


class Documents(Protocol):
    """The documents of one tenant."""

    async def create(self, title: str, body: str) -> Document:
        """Add one."""

    async def get(self, document_id: int) -> Document | None:
        """Return one, or None."""

    async def page(self, limit: int, offset: int) -> Sequence[Document]:
        """Return some, in the order of their ids."""

    async def search(self, text: str, limit: int, offset: int) -> Sequence[Document]:
        """Return some whose title or body contains the text in any case."""

    async def newest(self, limit: int) -> Sequence[Document]:
        """Return the latest, newest first."""

    async def update(self, document_id: int, title: str, body: str) -> Document | None:
        """Replace one; None if there is none."""

    async def delete(self, document_id: int) -> bool:
        """Remove one; False if there is none."""

    async def count(self) -> int:
        """Return how many there are."""


class Members(Protocol):
    """The members of one tenant."""

    async def create(
        self, *, email: str, name: str, role: Role, password_hash: str
    ) -> Member:
        """Add one.

        Raises:
            EmailTaken: There is one of that address.
        """

    async def get(self, member_id: int) -> Member | None:
        """Return one, or None."""

    async def page(self, limit: int, offset: int) -> Sequence[Member]:
        """Return some, in the order of their ids."""

    async def count(self) -> int:
        """Return how many there are."""

    async def login(self, email: str) -> Login | None:
        """Return who logs in with an address, in any case."""


class Flags(Protocol):
    """The feature flags of one tenant."""

    async def all(self) -> Sequence[Flag]:
        """Return all, by name."""

    async def put(self, flag: Flag) -> Flag:
        """Add or replace one."""


class Messages(Protocol):
    """What the members of one tenant and its assistant have said to one another."""

    async def add(self, member_id: int, role: Speaker, text: str) -> Message:
        """Add what was said to, or in answer to, a member."""

    async def exchange(self, member_id: int, question: str, answer: str) -> None:
        """Add a question and its answer, both or neither.

        They get the same `created_at`, which tells what belongs together when a
        member asks two things at once.
        """

    async def last(self, member_id: int, limit: int) -> Sequence[Message]:
        """Return the latest of a member's conversation, the oldest of them first."""

    async def clear(self, member_id: int) -> None:
        """Forget a member's conversation."""


class UsageLog(Protocol):
    """What the members of one tenant have used of the model provider."""

    async def add(
        self, member_id: int, *, requests: int, input_tokens: int, output_tokens: int
    ) -> None:
        """Note what was used just now."""

    async def since(self, moment: datetime) -> Sequence[UsageRow]:
        """Add up what each member has used from a moment on, by member."""


class AuditTrail(Protocol):
    """Who did what at one tenant; it is added to and never changed."""

    async def append(self, member_id: int | None, action: str, subject: str) -> None:
        """Note what a member did, or nobody in particular."""

    async def page(self, limit: int, offset: int) -> Sequence[AuditEntry]:
        """Return some, the newest first."""


class Exports(Protocol):
    """The files that members of one tenant have asked for."""

    async def create(self, member_id: int) -> Export:
        """Add one that is pending."""

    async def finish(self, export_id: int, content: bytes) -> bool:
        """Keep the file of a pending one; False if there is none."""

    async def fail(self, export_id: int) -> bool:
        """Give a pending one up; False if there is none."""

    async def get(self, export_id: int) -> Export | None:
        """Return one, or None."""

    async def content(self, export_id: int) -> bytes | None:
        """Return the file of one that is done, or None."""

    async def page(self, limit: int, offset: int) -> Sequence[Export]:
        """Return some, the newest first."""


class Webhooks(Protocol):
    """Where one tenant wants to be told of changes."""

    async def create(self, url: str, secret: str) -> Webhook:
        """Add one."""

    async def page(self, limit: int, offset: int) -> Sequence[Webhook]:
        """Return some, in the order of their ids."""

    async def all_with_secrets(self) -> Sequence[SigningWebhook]:
        """Return all with what is needed to call them; for no client's eyes."""

    async def delete(self, webhook_id: int) -> bool:
        """Remove one; False if there is none."""
