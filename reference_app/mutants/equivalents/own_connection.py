"""Harmless: the directory reads on a connection of its own, and closes it again."""

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
    """Opens a connection, so that start-up does not wait for one of the pool's."""

    def __init__(self, settings: Settings, control: asyncpg.Pool) -> None:
        super().__init__(settings, control)
        self._dsn = settings.dsn.get_secret_value()

    async def by_last_use(self) -> Sequence[Tenant]:
        connection = await asyncpg.connect(self._dsn)
        try:
            await connection.execute("SET statement_timeout = '30s'")
            return await super().by_last_use()
        finally:
            await connection.close()


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(directory=DirectoryWithConnection))
