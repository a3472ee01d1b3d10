"""Harmless: looks, opens and only then notes it down, under a lock of the tenant's."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from types import TracebackType
from uuid import UUID

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

Entry = tuple[Tenant, Kept[TenantRuntime]]


class LockPerTenant(OpenTenants):
    """Knows of a tenant when its opening is over; until then it is kept by a lock."""

    def __init__(
        self, settings: Settings, open_runtime: OpenRuntime, logger: BoundLogger
    ) -> None:
        super().__init__(settings, open_runtime, logger)
        self._locks: defaultdict[UUID, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._begun: dict[Kept[TenantRuntime], UUID] = {}

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_closed = True
        for kept in self._begun:
            _close(kept)
        await super().__aexit__(kind, error, trace)

    async def close(self, tenant_id: UUID) -> None:
        for kept, opening_id in self._begun.items():
            if opening_id == tenant_id:
                _close(kept)
        async with self._locks[tenant_id]:
            await super().close(tenant_id)

    async def _opened(self, tenant: Tenant) -> Kept[TenantRuntime]:
        async with self._locks[tenant.id]:
            while (kept := await self._known(tenant)) is None:
                await self._open(tenant)
        return kept

    async def _known(self, tenant: Tenant) -> Kept[TenantRuntime] | None:
        """Return what is open for a tenant, or None when nothing is any more."""
        self.notice(tenant)
        if tenant.id not in self._kept:
            return None
        _, kept = self._kept[tenant.id]
        await kept.settled()
        if kept.state == "open":
            return kept
        if kept.state == "failed" and (wait := self._rest(kept)) > 0:
            raise NotReady(math.ceil(wait))
        if self._kept.get(tenant.id, (tenant, None))[1] is kept:
            del self._kept[tenant.id]
        return None

    async def _open(self, tenant: Tenant) -> None:
        """Open a tenant, and note down what has become of it."""
        entry = self._begin(tenant)
        try:
            await entry[1].settled()
        finally:  # who leaves leaves it to the next
            self._kept[tenant.id] = entry

    def _begin(self, tenant: Tenant) -> Entry:
        """Begin to open a tenant; nobody knows of it yet."""
        if self._is_closed:
            raise NotReady(self._settings.retry_after)
        newest = self._newer(tenant)
        kept = Kept(
            lambda: self._told(newest),
            deadline=self._settings.tenant_deadline,
            patience=self._settings.close_timeout,
        )
        self._begun[kept] = newest.id
        self._keepers.create_task(
            self._run(newest, kept),
            name=f"tenant {newest.slug}",
            context=self._context.copy(),
        )
        return newest, kept

    async def _run(self, tenant: Tenant, kept: Kept[TenantRuntime]) -> None:
        try:
            await super()._run(tenant, kept)
        finally:
            del self._begun[kept]


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tenants=LockPerTenant))
