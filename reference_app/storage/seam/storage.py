"""How tenants' places are made, opened and removed."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from reference_app.migrations import Connection
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


class Storage(Protocol):
    """Keeps the rows of all tenants, each apart.

    `provision` and `remove` are entered in a transaction of the caller's over
    the control schema, and left after it has ended, with the error if there was
    one: what no transaction can do, or undo, is done on leaving.

        async with (
            AsyncExitStack() as after,
            control.acquire() as connection,
            connection.transaction(),
        ):
            tenant = ...  # enter it in the control schema
            work = storage.provision(connection, tenant)
            session = await after.enter_async_context(work)
    """

    def place(self, slug: str, name: str, database: str) -> NewPlace:
        """Name the place where a new tenant's rows shall be."""

    def provision(
        self, connection: Connection, tenant: Tenant
    ) -> AbstractAsyncContextManager[Session]:
        """Make a new tenant's place.

        The connection may do everything. The session is good until the
        transaction ends or makes another place.

        Raises:
            PlaceTaken: It is somebody's, or was.
        """

    def remove(
        self, connection: Connection, tenant: Tenant
    ) -> AbstractAsyncContextManager[None]:
        """Remove a tenant's place with all that is in it.

        The transaction must delete the tenant from the control schema too.
        """

    async def upgrade(self, connection: Connection, tenant: Tenant) -> None:
        """Bring a tenant's place up to date, in a transaction of the caller's."""

    def open(self, tenant: Tenant) -> AbstractAsyncContextManager[TenantStore]:
        """Open the tenant's storage for a block, which may be long."""
