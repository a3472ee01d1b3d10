"""One tenant's runtime in this process, from its opening to its closing."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from typing import Literal

from structlog.contextvars import bound_contextvars
from structlog.stdlib import BoundLogger

from reference_app.logs import log_failure
from reference_app.settings import Settings
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant

OpenRuntime = Callable[[Tenant], AbstractAsyncContextManager[TenantRuntime]]
State = Literal["opening", "open", "closing", "closed", "failed"]


class NotReady(Exception):
    """A tenant cannot be used now; `retry_after` says in how many seconds to ask."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class Kept:
    """Opens one runtime, keeps it while it is wanted, and closes it, in one task.

    Opening and closing in the same task is what timeouts, task groups and
    cancellation rely on. Nobody who waits runs any of it, so that nobody who leaves
    can spoil it. Its life goes one way: opening, open, closing, closed; or opening,
    failed. Who comes after its end makes another.

    Args:
        tenant: Whose runtime it is.
        open_runtime: Opens the runtime for a block.
        settings: Deadline, patience and retry.
        logger: Where its life is told.
    """

    def __init__(
        self,
        tenant: Tenant,
        open_runtime: OpenRuntime,
        settings: Settings,
        logger: BoundLogger,
    ) -> None:
        self.tenant = tenant
        self.state: State = "opening"
        self.last_used: float | None = None
        self._open_runtime = open_runtime
        self._settings = settings
        self._logger = logger
        self._runtime: TenantRuntime | None = None
        self._ended_at = -math.inf
        self._leases = 0
        self._idle_since = time.monotonic()
        self._opening: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        self._closing = asyncio.Event()
        self._unused = asyncio.Event()
        self._unused.set()
        self._gone = asyncio.Event()

    @property
    def runtime(self) -> TenantRuntime:
        """The runtime, while it is open.

        Raises:
            NotReady: It is not open.
        """
        if self._runtime is None or self.state != "open":
            raise NotReady(self.retry_after)
        return self._runtime

    @property
    def retry_after(self) -> int:
        """Seconds after which one may ask again."""
        wait = self._settings.retry_after
        if self.state != "failed":
            return wait
        return max(1, math.ceil(wait - (time.monotonic() - self._ended_at)))

    @property
    def is_over(self) -> bool:
        """Whether another one may be made."""
        if self.state == "failed":
            rested = time.monotonic() - self._ended_at
            return rested >= self._settings.retry_after
        return self.state == "closed"

    async def settled(self) -> None:
        """Wait until it is not opening and not closing."""
        await self._settled.wait()
        if self.state == "closing":
            await self._gone.wait()

    @contextmanager
    def lease(self) -> Iterator[TenantRuntime]:
        """Use the runtime for a block; it is not closed as idle that long.

        Raises:
            NotReady: It is not open.
        """
        runtime = self.runtime
        self._leases += 1
        self._unused.clear()
        self.last_used = time.time()
        try:
            yield runtime
        finally:
            self._leases -= 1
            self._idle_since = time.monotonic()
            if self._leases == 0:
                self._unused.set()

    def is_idle(self, seconds: float) -> bool:
        """Tell whether nobody has used it for so long, and closing loses nothing."""
        return (
            self.state == "open"
            and self._leases == 0
            and time.monotonic() - self._idle_since >= seconds
            and self.runtime.limits.is_untouched()
        )

    def close(self) -> None:
        """Begin to close: no new leases; an opening that is under way is given up."""
        self._closing.set()
        if self.state == "opening" and self._opening is not None:
            self._opening.cancel()
        elif self.state == "open":
            self.runtime.ending.set()
            self.state = "closing"

    async def closed(self) -> None:
        """Wait until nothing of it is open."""
        await self._gone.wait()

    async def run(self) -> None:
        """Live; the task that runs this owns the runtime."""
        if self._closing.is_set():
            self._end()
            return
        self._opening = asyncio.current_task()
        with bound_contextvars(tenant=self.tenant.slug):
            try:
                async with AsyncExitStack() as opened:
                    await self._open(opened)
                    await self._closing.wait()
                    await self._drain()
            except Exception as error:  # noqa: BLE001 - anything; logged
                self._tell(error)
            finally:
                self._end()

    async def _open(self, opened: AsyncExitStack) -> None:
        started = time.monotonic()
        async with asyncio.timeout(self._settings.tenant_deadline):
            runtime = await opened.enter_async_context(self._open_runtime(self.tenant))
        self._runtime = runtime
        self._idle_since = time.monotonic()
        self.state = "open"
        self._settled.set()
        seconds = round(time.monotonic() - started, 4)
        self._logger.info("tenant ready", seconds=seconds)

    async def _drain(self) -> None:
        """Give those who use the runtime a moment to finish."""
        try:
            async with asyncio.timeout(self._settings.close_timeout):
                await self._unused.wait()
        except TimeoutError:
            self._logger.warning("tenant closed in use", leases=self._leases)

    def _tell(self, error: Exception) -> None:
        if self.state == "opening":
            self.state = "failed"
            log_failure(self._logger, "tenant not ready", error)
        else:
            log_failure(self._logger, "tenant did not close properly", error)

    def _end(self) -> None:
        if self.state != "failed":
            self.state = "closed"
        self._runtime = None
        self._ended_at = time.monotonic()
        self._settled.set()
        self._gone.set()
