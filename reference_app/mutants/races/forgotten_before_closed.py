"""Seeded bug: a tenant is forgotten first and closed afterwards.

Whoever asks in between has it opened while it is still open.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.tenants.open_tenants import OpenTenants, _close
from reference_app.tenants.tenant import Tenant


class ForgottenBeforeClosed(OpenTenants):
    """Has nobody wait for what is being closed."""

    async def close(self, tenant_id: UUID) -> None:
        self._newest.pop(tenant_id, None)
        entry = self._kept.pop(tenant_id, None)
        if entry is not None:
            _close(entry[1])
            await entry[1].closed()

    def close_idle(self) -> Sequence[Tenant]:
        idle = super().close_idle()
        for tenant in idle:
            del self._kept[tenant.id]
        return idle


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tenants=ForgottenBeforeClosed))
