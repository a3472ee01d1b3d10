"""Seeded bug: two who find a tenant without a pool open one each.

One of them is forgotten, with its connections.
"""

from __future__ import annotations

import asyncpg
from fastapi import FastAPI

from reference_app import main
from reference_app.mutants.equivalents.few_pools import FewPoolsStorage
from reference_app.parts import Parts
from reference_app.tenants.tenant import Tenant


class PoolOpenedTwice(FewPoolsStorage):
    """Needs no lock: opening a pool is quick."""

    async def _pool(self, tenant: Tenant) -> asyncpg.Pool:
        return self._pools.get(tenant.own_role) or await self._open_pool(tenant)


def create_app() -> FastAPI:
    """Make the app, on few pools."""
    return main.create_app(parts=Parts(storage=PoolOpenedTwice.connect))
