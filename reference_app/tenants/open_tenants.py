"""What is open for each tenant in this process."""

from __future__ import annotations

import asyncio
import contextvars
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from uuid import UUID

from structlog.stdlib import BoundLogger

from reference_app.settings import Settings
from reference_app.tenants.kept import Kept, NotReady, OpenRuntime, State
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant

__all__ = ["NotReady", "OpenTenants"]


class OpenTenants:
    """Opens each tenant once, whoever asks first, and closes what nobody uses.

    A tenant that fails to open is left alone for `retry_after` seconds; others
    do not notice. Leaving the block closes all, the latest first.

    Args:
        settings: Deadline, concurrency and patience.
        open_runtime: Opens what one tenant needs, for a block.
        logger: Where failures are told.
    """

    def __init__(
        self, settings: Settings, open_runtime: OpenRuntime, logger: BoundLogger
    ) -> None:
        self._settings = settings
        self._open_runtime = open_runtime
        self._logger = logger
        self._kept: dict[UUID, Kept] = {}
        self._keepers = asyncio.TaskGroup()
        self._context = contextvars.Context()
        self._is_closed = False

    async def __aenter__(self) -> Self:
        await self._keepers.__aenter__()
        # Keepers outlive the request that made them: they must not run in its
        # context, or their log lines would carry its id for ever.
        self._context = contextvars.copy_context()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_closed = True
        for kept in reversed(self._kept.values()):
            kept.close()
        # Not told of the error: it would cancel those who are closing in peace.
        await self._keepers.__aexit__(None, None, None)

    @asynccontextmanager
    async def lease(self, tenant: Tenant) -> AsyncIterator[TenantRuntime]:
        """Use a tenant's runtime for a block, opening it if nobody has.

        It stays open that long, unless the tenant is closed on purpose: then
        `ending` of the runtime is set, and the block has `close_timeout` seconds.

        Raises:
            NotReady: It did not open now, or did not a moment ago.
        """
        kept = await self._opened(tenant)
        with kept.lease() as runtime:
            yield runtime

    async def ready(self, tenant: Tenant) -> TenantRuntime:
        """Open a tenant if nobody has, and return its runtime.

        It may be closed as soon as somebody else runs: to work with it, `lease` it.

        Raises:
            NotReady: It did not open now, or did not a moment ago.
        """
        return (await self._opened(tenant)).runtime

    async def close(self, tenant_id: UUID) -> None:
        """Close a tenant, also while it is used; it opens again when asked for."""
        kept = self._kept.get(tenant_id)
        if kept is not None and not kept.is_over:
            kept.close()
            await kept.closed()
        if kept is not None and self._kept.get(tenant_id) is kept:
            del self._kept[tenant_id]

    def close_idle(self) -> Sequence[Tenant]:
        """Begin to close tenants that nobody has used for long; returns which."""
        idle = [
            kept
            for kept in self._kept.values()
            if kept.is_idle(self._settings.idle_timeout)
        ]
        for kept in idle:
            kept.close()
        return [kept.tenant for kept in idle]

    def used_since(self, moment: datetime) -> Mapping[UUID, datetime]:
        """Return when each tenant was last used, if it was after a moment."""
        since = moment.timestamp()
        return {
            tenant_id: datetime.fromtimestamp(kept.last_used, UTC)
            for tenant_id, kept in self._kept.items()
            if kept.last_used is not None and kept.last_used > since
        }

    def states(self) -> Sequence[tuple[Tenant, State]]:
        """Return each tenant that was asked for, and how it stands."""
        return [(kept.tenant, kept.state) for kept in self._kept.values()]

    def counts(self) -> Mapping[State, int]:
        """Return how many tenants are in each state."""
        return Counter(kept.state for kept in self._kept.values())

    async def _opened(self, tenant: Tenant) -> Kept:
        """Return an open one; between this and its lease nobody else may run."""
        while True:
            kept = self._kept.get(tenant.id)
            if kept is None or kept.is_over:
                kept = self._keep(tenant)
            await kept.settled()
            if kept.state == "open":
                return kept
            if kept.state == "failed":
                raise NotReady(kept.retry_after)
            # It was closed before we had our turn: open it again.

    def _keep(self, tenant: Tenant) -> Kept:
        if self._is_closed:
            raise NotReady(self._settings.retry_after)
        # The latest last, also if it was open before: that is the order of closing.
        self._kept.pop(tenant.id, None)
        kept = Kept(tenant, self._open_runtime, self._settings, self._logger)
        self._kept[tenant.id] = kept
        self._keepers.create_task(
            kept.run(), name=f"tenant {tenant.slug}", context=self._context.copy()
        )
        return kept
