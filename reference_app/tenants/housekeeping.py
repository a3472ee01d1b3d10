"""What is done now and then for all tenants: close idle ones, note their last use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
from structlog.contextvars import bound_contextvars
from structlog.stdlib import BoundLogger

from reference_app.logs import log_failure
from reference_app.settings import Settings
from reference_app.tenants.open_tenants import OpenTenants


class Housekeeping:
    """Closes idle tenants and writes times of last use, all of them in one statement.

    Args:
        tenants: Whose they are.
        control: Where the times are written.
        settings: How often.
        logger: Where it is told.
    """

    def __init__(
        self,
        tenants: OpenTenants,
        control: asyncpg.Pool,
        settings: Settings,
        logger: BoundLogger,
    ) -> None:
        self._tenants = tenants
        self._control = control
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
            await self._note_last_use()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._settings.housekeeping_interval)
            for tenant in self._tenants.close_idle():
                with bound_contextvars(tenant=tenant.slug):
                    self._logger.info("tenant idle")
            await self._note_last_use()

    async def _note_last_use(self) -> None:
        """Write what is new; a failure only makes the next start less well ordered."""
        now = datetime.now(UTC)
        used = self._tenants.used_since(self._written)
        if not used:
            return
        try:
            await note_last_use(self._control, used)
        except Exception as error:  # noqa: BLE001 - tried again next time
            log_failure(self._logger, "times of last use not written", error)
        else:
            self._written = now


async def note_last_use(control: asyncpg.Pool, used: Mapping[UUID, datetime]) -> None:
    """Write when tenants were last used; another process may know of later use."""
    await control.execute(
        "UPDATE control.tenants t SET last_used_at = greatest(t.last_used_at, u.at) "
        "FROM unnest($1::uuid[], $2::timestamptz[]) AS u (id, at) WHERE t.id = u.id",
        list(used),
        list(used.values()),
    )
