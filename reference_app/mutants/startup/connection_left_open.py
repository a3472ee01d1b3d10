"""Bug: the directory reads on a connection of its own, which nobody closes."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg
from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.tenants.directory import TenantDirectory
from reference_app.tenants.tenant import Tenant


class DirectoryWithConnection(TenantDirectory):
    """Keeps a connection, so that start-up does not wait for one of the pool's."""

    def __init__(self, settings: Settings, control: asyncpg.Pool) -> None:
        super().__init__(settings, control)
        self._dsn = settings.dsn.get_secret_value()
        self._own: asyncpg.Connection | None = None

    async def by_last_use(self) -> Sequence[Tenant]:
        self._own = await asyncpg.connect(self._dsn)
        await self._own.execute("SET statement_timeout = '30s'")
        return await super().by_last_use()


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(directory=DirectoryWithConnection))
