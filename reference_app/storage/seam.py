"""What a storage has to offer, and the rows that it deals in."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from reference_app.migrations import Connection
from reference_app.tenants.tenant import NewPlace, Tenant

Role = Literal["admin", "member"]


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


class EmailTaken(Exception):
    """A member of the tenant has that address already."""


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


class Session(Protocol):
    """A connection to the rows of one tenant, and of no other."""

    @property
    def documents(self) -> Documents:
        """The tenant's documents."""

    @property
    def members(self) -> Members:
        """The tenant's members."""

    @property
    def flags(self) -> Flags:
        """The tenant's feature flags."""


class TenantStore(Protocol):
    """The open storage of one tenant."""

    def session(self) -> AbstractAsyncContextManager[Session]:
        """Borrow a connection for a block."""


class Storage(Protocol):
    """Keeps the rows of all tenants, each apart."""

    def place(self, slug: str, name: str, database: str) -> NewPlace:
        """Name the place where a new tenant's rows shall be."""

    async def provision(self, connection: Connection, tenant: Tenant) -> Session:
        """Make a new tenant's place.

        Runs in a transaction of the caller's, over a connection that may do
        everything; the session is good until that transaction ends.

        Raises:
            asyncpg.DuplicateSchemaError: The place is somebody's, or was.
        """

    async def upgrade(self, connection: Connection, tenant: Tenant) -> None:
        """Bring a tenant's place up to date; in a transaction, as `provision`."""

    def open(self, tenant: Tenant) -> AbstractAsyncContextManager[TenantStore]:
        """Open the tenant's storage for a block, which may be long."""
