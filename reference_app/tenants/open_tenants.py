"""What is open for each tenant in this process."""

from __future__ import annotations

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
)
from types import TracebackType
from typing import Self
from uuid import UUID

from structlog.contextvars import bound_contextvars
from structlog.stdlib import BoundLogger

from reference_app.logs import log_failure
from reference_app.settings import Settings
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant

OpenRuntime = Callable[[Tenant], AbstractAsyncContextManager[TenantRuntime]]


class NotReady(Exception):
    """A tenant could not be opened; `retry_after` says in how many seconds to ask."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class OpenTenants:
    """Opens each tenant once: at start-up, or on first use if it came later.

    A tenant that fails to open is left alone for `retry_after` seconds; others
    do not notice. Leaving the block closes all, in reverse order.

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
        self._resources = AsyncExitStack()
        self._closed = False
        self._runtimes: dict[UUID, TenantRuntime] = {}
        self._failed_at: dict[UUID, float] = {}
        self._locks: defaultdict[UUID, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def __aenter__(self) -> Self:
        await self._resources.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed = True
        self._runtimes.clear()
        await self._resources.__aexit__(kind, error, trace)

    @property
    def open_count(self) -> int:
        """How many tenants are ready."""
        return len(self._runtimes)

    async def open_all(self, tenants: Sequence[Tenant]) -> None:
        """Open many, some at a time; who fails is not ready, and that is logged."""
        turns = asyncio.Semaphore(self._settings.start_concurrency)

        async def open_one(tenant: Tenant) -> None:
            async with turns:
                with bound_contextvars(tenant=tenant.slug):
                    try:
                        await self.ready(tenant)
                    except NotReady:
                        return  # and it has been logged

        async with asyncio.TaskGroup() as group:
            for tenant in tenants:
                group.create_task(open_one(tenant))

    @asynccontextmanager
    async def lease(self, tenant: Tenant) -> AsyncIterator[TenantRuntime]:
        """Use the tenant's runtime for a block; it stays open that long.

        Raises:
            NotReady: It did not open now, or did not a moment ago.
        """
        yield await self.ready(tenant)

    async def ready(self, tenant: Tenant) -> TenantRuntime:
        """Return the tenant's runtime, opening it if nobody has.

        It may be closed as soon as somebody else runs: to work with it, `lease` it.

        Raises:
            NotReady: It did not open now, or did not a moment ago.
        """
        if tenant.id in self._runtimes:
            return self._runtimes[tenant.id]
        async with self._locks[tenant.id]:
            if tenant.id in self._runtimes:
                return self._runtimes[tenant.id]
            self._refuse_if_just_failed(tenant)
            try:
                runtime = await self._open(tenant)
            except Exception as error:  # noqa: BLE001 - anything; logged
                self._failed_at[tenant.id] = time.monotonic()
                log_failure(self._logger, "tenant not ready", error)
                raise NotReady(self._settings.retry_after) from None
            self._runtimes[tenant.id] = runtime
            return runtime

    def _refuse_if_just_failed(self, tenant: Tenant) -> None:
        since = time.monotonic() - self._failed_at.get(tenant.id, -math.inf)
        if since < self._settings.retry_after:
            raise NotReady(math.ceil(self._settings.retry_after - since))

    async def _open(self, tenant: Tenant) -> TenantRuntime:
        """Open and warm one; what was opened is closed again if that fails."""
        started = time.monotonic()
        async with AsyncExitStack() as opened:
            async with asyncio.timeout(self._settings.tenant_deadline):
                runtime = await opened.enter_async_context(self._open_runtime(tenant))
            if self._closed:
                raise RuntimeError("closed while the tenant was being opened")
            self._resources.push_async_exit(opened.pop_all())
        seconds = round(time.monotonic() - started, 4)
        self._logger.info("tenant ready", seconds=seconds)
        return runtime
