"""Harmless: each tenant is opened, kept and closed by a task group of its own."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI

from reference_app import main
from reference_app.kept import Kept
from reference_app.parts import Parts
from reference_app.tenants.open_tenants import OpenTenants
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant


class GroupPerTenant(OpenTenants):
    """Makes the connections that a tenant's first requests need while it waits."""

    async def _run(self, tenant: Tenant, kept: Kept[TenantRuntime]) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(super()._run(tenant, kept))
            group.create_task(self._connect(kept))

    async def _connect(self, kept: Kept[TenantRuntime]) -> None:
        """Use the store once; whoever comes first finds a connection."""
        await kept.settled()
        if kept.state != "open":
            return
        with kept.lease() as runtime:
            try:
                async with runtime.store.session():
                    pass
            except Exception:  # noqa: BLE001 - whoever needs one will be told
                self._logger.debug("no connection yet")


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tenants=GroupPerTenant))
