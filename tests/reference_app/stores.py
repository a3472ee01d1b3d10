"""Stores of tenants, opened in a test without an app around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from reference_app.foundation import Foundation, open_foundation
from reference_app.parts import Parts
from reference_app.storage.seam import TenantStore
from reference_app.tenants.offboarding import offboard
from reference_app.tenants.onboarding import NewTenant, onboard
from reference_app.tenants.tenant import Tenant
from tests.reference_app.running import PASSWORD, settings_for


@dataclass(frozen=True, slots=True)
class Stores:
    """A storage, and what makes and removes tenants in it."""

    foundation: Foundation

    async def onboard(self, slug: str, *, name: str | None = None) -> Tenant:
        """Make a tenant."""
        base = self.foundation
        new = NewTenant(
            slug=slug,
            name=name or slug,
            admin_email=f"boss@{slug}.example",
            admin_password=PASSWORD,
        )
        return await onboard(
            new,
            settings=base.settings,
            control=base.control,
            storage=base.storage,
            passwords=base.passwords,
        )

    async def offboard(self, tenant: Tenant) -> bool:
        """Remove a tenant."""
        base = self.foundation
        return await offboard(tenant, control=base.control, storage=base.storage)

    @asynccontextmanager
    async def open(self, *slugs: str) -> AsyncIterator[list[TenantStore]]:
        """Make tenants and open them for a block."""
        async with AsyncExitStack() as stack:
            yield [
                await stack.enter_async_context(
                    self.foundation.storage.open(await self.onboard(slug))
                )
                for slug in slugs
            ]


@asynccontextmanager
async def stores(dsn: str, storage: str, **settings: Any) -> AsyncIterator[Stores]:
    """Open a storage for a block."""
    chosen = settings_for(dsn, storage=storage, **settings)
    async with open_foundation(chosen, Parts()) as foundation:
        yield Stores(foundation)
