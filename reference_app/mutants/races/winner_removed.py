"""Seeded bug: onboarding looks for the slug, and cleans up when it fails.

Two that onboard one tenant, perhaps in two processes, both find nothing. One of them
cannot enter it, and removes what it finds under the slug: the tenant of the other.
"""

from __future__ import annotations

import asyncpg
from fastapi import FastAPI

from reference_app import main
from reference_app.auth.passwords import Passwords
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.storage.seam import Storage
from reference_app.tenants import onboarding
from reference_app.tenants.offboarding import offboard
from reference_app.tenants.onboarding import NewTenant, TenantExists
from reference_app.tenants.tenant import Tenant

_BY_SLUG = (
    "SELECT id, slug, name, status, schema_name, role_name, revision "
    "FROM control.tenants WHERE slug = $1"
)


async def onboard(
    new: NewTenant,
    *,
    settings: Settings,
    control: asyncpg.Pool,
    storage: Storage,
    passwords: Passwords,
) -> Tenant:
    """Make a tenant; after a failure nothing of it is left, whatever the storage."""
    if await control.fetchrow(_BY_SLUG, new.slug):
        raise TenantExists
    try:
        return await onboarding.onboard(
            new,
            settings=settings,
            control=control,
            storage=storage,
            passwords=passwords,
        )
    except Exception:
        left = await control.fetchrow(_BY_SLUG, new.slug)
        if left is not None:
            await offboard(Tenant(**left), control=control, storage=storage)
        raise


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(onboard=onboard))
