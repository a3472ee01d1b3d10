"""What is done now and then for all tenants that are open in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from structlog.contextvars import bound_contextvars
from structlog.stdlib import BoundLogger

from reference_app.limits.allowances import Allowances
from reference_app.logs import log_failure
from reference_app.settings import Settings
from reference_app.tenants.directory import TenantDirectory
from reference_app.tenants.open_tenants import OpenTenants
from reference_app.tenants.tenant import Tenant


class Housekeeping:
    """Closes idle tenants, follows other processes, and writes down what was used.

    It takes a few statements for all tenants together, however many there are.

    Args:
        tenants: What is open.
        directory: Knows how tenants are now, and takes the times of last use.
        allowances: Takes what was let through under the rate limits.
        let_go: Ends what this process does for a tenant that has left.
        settings: How often.
        logger: Where it is told.
    """

    def __init__(
        self,
        tenants: OpenTenants,
        directory: TenantDirectory,
        allowances: Allowances,
        *,
        let_go: Callable[[Tenant], Awaitable[None]],
        settings: Settings,
        logger: BoundLogger,
    ) -> None:
        self._tenants = tenants
        self._directory = directory
        self._allowances = allowances
        self._let_go = let_go
        self._settings = settings
        self._logger = logger
        self._written = datetime.now(UTC)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do it again and again during a block, and once at its end."""
        task = asyncio.create_task(self._run(), name="housekeeping")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            await self._note()
            if not task.cancelled():
                task.result()  # raises what has ended it early

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._settings.housekeeping_interval)
            await self._tried("idle tenants not closed", self._close_idle)
            await self._tried("other processes not followed", self._follow)
            await self._note()

    async def _note(self) -> None:
        await self._tried("times of last use not written", self._note_last_use)
        await self._tried("rate limits not exchanged", self._exchange_limits)

    async def _tried(self, failure: str, step: Callable[[], Awaitable[None]]) -> None:
        """Do one step; if it fails that is logged, and it is tried again next time."""
        try:
            await step()
        except Exception as error:  # noqa: BLE001 - whatever it is, the rest goes on
            log_failure(self._logger, failure, error)

    async def _close_idle(self) -> None:
        for tenant in self._tenants.close_idle():
            with bound_contextvars(tenant=tenant.slug):
                self._logger.info("tenant idle")

    async def _follow(self) -> None:
        """Close what rests on what another process has changed or removed."""
        here = [tenant for tenant, _ in self._tenants.states()]
        known = await self._directory.those({tenant.id for tenant in here})
        for tenant in here:
            now = known.get(tenant.id)
            if now is not None:
                self._tenants.notice(now)
                continue
            with bound_contextvars(tenant=tenant.slug):
                self._logger.info("tenant gone")
                await self._let_go(tenant)

    async def _exchange_limits(self) -> None:
        """Tell other processes, and the next one here, what was let through."""
        runtimes = self._tenants.runtimes()
        await self._allowances.exchange(
            {tenant_id: runtime.limits for tenant_id, runtime in runtimes.items()}
        )

    async def _note_last_use(self) -> None:
        """Write what is new; a failure only makes the next start less well ordered."""
        now = datetime.now(UTC)
        used = self._tenants.used_since(self._written)
        if used:
            await self._directory.note_last_use(used)
            self._written = now
