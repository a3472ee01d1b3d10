"""Seeded bug: what is in use when it is replaced is closed by nobody."""

from __future__ import annotations

import asyncio
from types import TracebackType

from fastapi import FastAPI
from structlog.stdlib import BoundLogger

from reference_app import main
from reference_app.kept import Kept
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.open_tenants import (
    NotReady,
    OpenRuntime,
    OpenTenants,
    _close,
)
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant


class ReloadLeaksOld(OpenTenants):
    """Replaces what rests on an earlier revision without making anybody wait."""

    def __init__(
        self, settings: Settings, open_runtime: OpenRuntime, logger: BoundLogger
    ) -> None:
        super().__init__(settings, open_runtime, logger)
        self._tasks: dict[Kept[TenantRuntime], asyncio.Task[None]] = {}

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await super().__aexit__(kind, error, trace)
        for _, kept in self._kept.values():
            await kept.closed()

    def notice(self, tenant: Tenant) -> None:
        newest = self._newer(tenant)
        entry = self._kept.get(tenant.id)
        if entry is None or entry[0].revision >= newest.revision:
            return
        if entry[1].is_idle():
            _close(entry[1])
        else:  # those who use it finish with it, and others get the new one
            del self._kept[tenant.id]

    def _keep(self, tenant: Tenant) -> tuple[Tenant, Kept[TenantRuntime]]:
        if self._is_closed:
            raise NotReady(self._settings.retry_after)
        kept = Kept(
            lambda: self._told(tenant),
            deadline=self._settings.tenant_deadline,
            patience=self._settings.close_timeout,
        )
        entry = self._kept[tenant.id] = (tenant, kept)
        task = self._tasks[kept] = asyncio.create_task(
            self._run(tenant, kept),
            name=f"tenant {tenant.slug}",
            context=self._context.copy(),
        )
        task.add_done_callback(lambda _: self._tasks.pop(kept))
        return entry


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tenants=ReloadLeaksOld))
