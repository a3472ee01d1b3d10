"""What is open for each tenant in this process."""

from __future__ import annotations

import asyncio
import contextvars
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from uuid import UUID

from structlog.contextvars import bound_contextvars
from structlog.stdlib import BoundLogger

from reference_app.kept import Kept, State
from reference_app.logs import log_failure
from reference_app.settings import Settings
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant

OpenRuntime = Callable[[Tenant], AbstractAsyncContextManager[TenantRuntime]]


class NotReady(Exception):
    """A tenant cannot be used now; `retry_after` says in how many seconds to ask."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Standing:
    """How one tenant stands in this process.

    Attributes:
        slug: Which one.
        state: How it stands.
        failure: If it failed to open: the class of the error. Its text is
            not told: that of a database repeats the values of rows.
        retry_in: If it failed to open: seconds until it may be tried again.
    """

    slug: str
    state: State
    failure: str | None = None
    retry_in: int | None = None


class OpenTenants:
    """Opens each tenant once, whoever asks first, and closes what nobody uses.

    A tenant that fails to open is left alone for `retry_after` seconds; others
    do not notice. Leaving the block closes all, the latest first.

    Args:
        settings: Deadline and patience.
        open_runtime: Opens what one tenant needs, for a block.
        logger: Where failures are told.
    """

    def __init__(
        self, settings: Settings, open_runtime: OpenRuntime, logger: BoundLogger
    ) -> None:
        self._settings = settings
        self._open_runtime = open_runtime
        self._logger = logger
        self._kept: dict[UUID, tuple[Tenant, Kept[TenantRuntime]]] = {}
        self._newest: dict[UUID, Tenant] = {}
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
        for _, kept in reversed(self._kept.values()):
            _close(kept)
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
        return (await self._opened(tenant)).thing

    def notice(self, tenant: Tenant) -> None:
        """Take note of a tenant as it is now.

        What is open for an earlier revision of it begins to close; whoever asks from
        now on, with whatever revision in mind, gets what is opened after that.
        """
        newest = self._newer(tenant)
        entry = self._kept.get(tenant.id)
        if entry is not None and entry[0].revision < newest.revision:
            _close(entry[1])

    async def close(self, tenant_id: UUID) -> None:
        """Close a tenant, also while it is used; it opens again when asked for."""
        self._newest.pop(tenant_id, None)
        entry = self._kept.get(tenant_id)
        if entry is None:
            return
        _close(entry[1])
        await entry[1].closed()
        if self._kept.get(tenant_id) is entry:
            del self._kept[tenant_id]

    def close_idle(self) -> Sequence[Tenant]:
        """Begin to close tenants that nobody has used for long; returns which."""
        idle = [
            (tenant, kept)
            for tenant, kept in self._kept.values()
            if kept.is_idle(self._settings.idle_timeout)
        ]
        for _, kept in idle:
            _close(kept)
        return [tenant for tenant, _ in idle]

    def used_since(self, moment: datetime) -> Mapping[UUID, datetime]:
        """Return when each tenant was last used, if it was after a moment."""
        since = moment.timestamp()
        return {
            tenant_id: datetime.fromtimestamp(kept.last_used, UTC)
            for tenant_id, (_, kept) in self._kept.items()
            if kept.last_used is not None and kept.last_used > since
        }

    def runtimes(self) -> Mapping[UUID, TenantRuntime]:
        """Return what is open, by the id of the tenant."""
        return {
            tenant_id: kept.thing
            for tenant_id, (_, kept) in self._kept.items()
            if kept.state == "open"
        }

    def states(self) -> Sequence[tuple[Tenant, State]]:
        """Return each tenant that was asked for, and how it stands."""
        return [(tenant, kept.state) for tenant, kept in self._kept.values()]

    def standings(self) -> Sequence[Standing]:
        """Return how each stands that was asked for, and what keeps it from opening."""
        return [self._standing(tenant, kept) for tenant, kept in self._kept.values()]

    def counts(self) -> Mapping[State, int]:
        """Return how many tenants are in each state."""
        return Counter(kept.state for _, kept in self._kept.values())

    async def _opened(self, tenant: Tenant) -> Kept[TenantRuntime]:
        """Return an open one; between this and its lease nobody else may run."""
        while True:
            self.notice(tenant)
            _, kept = self._kept.get(tenant.id) or self._keep(self._newer(tenant))
            await kept.settled()
            if kept.state == "open":
                return kept
            if kept.state == "failed" and (wait := self._rest(kept)) > 0:
                raise NotReady(math.ceil(wait))
            # It is over, perhaps before we had our turn: the next one, please.
            if self._kept.get(tenant.id, (tenant, None))[1] is kept:
                del self._kept[tenant.id]

    def _newer(self, tenant: Tenant) -> Tenant:
        """Return the tenant as the best informed caller so far knows it.

        Some hold on to what they were told for a while. If each had it as he knows
        it, two would close it for one another again and again.
        """
        known = self._newest.get(tenant.id)
        if known is None or known.revision < tenant.revision:
            known = self._newest[tenant.id] = tenant
        return known

    def _rest(self, kept: Kept[TenantRuntime]) -> float:
        """Return for how many seconds one that failed is left alone."""
        ended = kept.ended_at if kept.ended_at is not None else -math.inf
        return ended + self._settings.retry_after - time.monotonic()

    def _standing(self, tenant: Tenant, kept: Kept[TenantRuntime]) -> Standing:
        if kept.state != "failed":
            return Standing(tenant.slug, kept.state)
        failure = type(kept.error).__qualname__ if kept.error is not None else None
        return Standing(
            tenant.slug, kept.state, failure, max(math.ceil(self._rest(kept)), 0)
        )

    def _keep(self, tenant: Tenant) -> tuple[Tenant, Kept[TenantRuntime]]:
        if self._is_closed:
            raise NotReady(self._settings.retry_after)
        kept = Kept(
            lambda: self._told(tenant),
            deadline=self._settings.tenant_deadline,
            patience=self._settings.close_timeout,
        )
        entry = self._kept[tenant.id] = (tenant, kept)
        self._keepers.create_task(
            self._run(tenant, kept),
            name=f"tenant {tenant.slug}",
            context=self._context.copy(),
        )
        return entry

    async def _run(self, tenant: Tenant, kept: Kept[TenantRuntime]) -> None:
        with bound_contextvars(tenant=tenant.slug):
            await kept.run()
            if kept.error is not None:
                failed = kept.state == "failed"
                event = "tenant not ready" if failed else "tenant closed badly"
                log_failure(self._logger, event, kept.error)

    @asynccontextmanager
    async def _told(self, tenant: Tenant) -> AsyncIterator[TenantRuntime]:
        started = time.monotonic()
        async with self._open_runtime(tenant) as runtime:
            seconds = round(time.monotonic() - started, 4)
            self._logger.info("tenant ready", seconds=seconds)
            yield runtime


def _close(kept: Kept[TenantRuntime]) -> None:
    """Begin to close one, and tell those who use it for long."""
    if kept.state == "open":
        kept.thing.ending.set()
    kept.close()
