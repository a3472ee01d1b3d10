"""How a tenant ceases to be."""

from __future__ import annotations

import asyncpg

from reference_app.storage.seam import Storage
from reference_app.tenants.tenant import Tenant


async def offboard(tenant: Tenant, *, control: asyncpg.Pool, storage: Storage) -> bool:
    """Remove a tenant with all that is its, or nothing at all.

    Close what this process has open for it first.

    Returns:
        Whether it was there; somebody else may have removed it meanwhile.
    """
    async with (
        storage.changes() as changes,
        control.acquire() as connection,
        connection.transaction(),
    ):
        known = "SELECT true FROM control.tenants WHERE id = $1 FOR UPDATE"
        if not await connection.fetchval(known, tenant.id):
            return False
        await changes.remove(connection, tenant)
        await connection.execute("DELETE FROM control.tenants WHERE id = $1", tenant.id)
    return True
