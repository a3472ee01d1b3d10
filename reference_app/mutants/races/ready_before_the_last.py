"""Seeded bug: who is still opening after the start counts as open, and is refused."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

from fastapi import FastAPI
from structlog.stdlib import BoundLogger

from reference_app import main
from reference_app.kept import State
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.open_tenants import NotReady, OpenRuntime, OpenTenants
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant

_PATIENCE = 1.0
"""Seconds that start-up waits for one tenant."""


class ReadyBeforeTheLast(OpenTenants):
    """Lets the app start while its slowest tenants go on opening.

    They will be there in a moment, so they are counted among those that are open.
    """

    def __init__(
        self, settings: Settings, open_runtime: OpenRuntime, logger: BoundLogger
    ) -> None:
        super().__init__(settings, open_runtime, logger)
        self._late: set[UUID] = set()

    async def ready(self, tenant: Tenant) -> TenantRuntime:
        try:
            async with asyncio.timeout(_PATIENCE):
                return await super().ready(tenant)
        except TimeoutError:
            self._late.add(tenant.id)
            raise NotReady(self._settings.retry_after) from None

    @asynccontextmanager
    async def lease(self, tenant: Tenant) -> AsyncIterator[TenantRuntime]:
        if tenant.id in self._opening_late():  # not all its clients need to wait
            raise NotReady(self._settings.retry_after)
        async with super().lease(tenant) as runtime:
            yield runtime

    def counts(self) -> Mapping[State, int]:
        counts, late = Counter(super().counts()), len(self._opening_late())
        counts["open"] += late
        counts["opening"] -= late
        return +counts

    def _opening_late(self) -> set[UUID]:
        states = {tenant.id: state for tenant, state in self.states()}
        return {one for one in self._late if states.get(one) == "opening"}


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tenants=ReadyBeforeTheLast))
