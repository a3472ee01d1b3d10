"""How tenants' places are made, opened and removed."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from reference_app.migrations import Connection
from reference_app.pools import Connections
from reference_app.storage.seam.tables import (
    AuditTrail,
    Documents,
    Exports,
    Flags,
    Members,
    Messages,
    UsageLog,
    Webhooks,
)
from reference_app.tenants.tenant import NewPlace, Tenant


class Session(Protocol):
    """A connection to the rows of one tenant, and of no other.

    What was written may be undone if the block of the session ends with an error.
    """

    @property
    def documents(self) -> Documents:
        """The tenant's documents."""

    @property
    def members(self) -> Members:
        """The tenant's members."""

    @property
    def flags(self) -> Flags:
        """The tenant's feature flags."""

    @property
    def messages(self) -> Messages:
        """The conversations of the tenant's members with its assistant."""

    @property
    def usage(self) -> UsageLog:
        """What the tenant has used of the model provider."""

    @property
    def audit(self) -> AuditTrail:
        """Who did what at the tenant."""

    @property
    def exports(self) -> Exports:
        """The files that the tenant's members have asked for."""

    @property
    def webhooks(self) -> Webhooks:
        """Where the tenant wants to be told of changes."""


class PlaceTaken(Exception):
    """Where a new tenant's rows should be, there is something already."""


class TenantStore(Protocol):
    """The open storage of one tenant."""

    def session(self) -> AbstractAsyncContextManager[Session]:
        """Borrow a connection for a block."""


class Changes(Protocol):
    """Makes and removes tenants' places, each along with a transaction."""

    async def provision(self, connection: Connection, tenant: Tenant) -> Session:
        """Make a new tenant's place.

        Enter the tenant in the control schema before: the connection may do
        everything up to here, and afterwards only what the tenant may.

        Args:
            connection: In a transaction, over the control schema.
            tenant: Whose place.

        Returns:
            A session that is good until the transaction ends or makes another place.

        Raises:
            PlaceTaken: It is somebody's, or was.
        """

    async def remove(self, connection: Connection, tenant: Tenant) -> None:
        """Remove a tenant's place with all that is in it.

        Args:
            connection: In a transaction, which must delete the tenant from the
                control schema too.
            tenant: Whose place.
        """


class Storage(Protocol):
    """Keeps the rows of all tenants, each apart."""

    def place(self, slug: str, name: str, database: str) -> NewPlace:
        """Name the place where a new tenant's rows shall be."""

    def changes(self) -> AbstractAsyncContextManager[Changes]:
        """Have what makes and removes places.

        Its block begins before the transaction, and ends after it. What no
        transaction can do or undo is done then, as the transaction has decided.
        """

    def connections(self) -> Connections:
        """Count the connections that lead to tenants' rows, all tenants together."""

    async def upgrade(self, connection: Connection, tenant: Tenant) -> None:
        """Bring a tenant's place up to date, in a transaction of the caller's."""

    def open(self, tenant: Tenant) -> AbstractAsyncContextManager[TenantStore]:
        """Open the tenant's storage for a block, which may be long."""
