"""Seeded bug: row-level security: the table of exports, added later, has no policy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.settings import Settings
from reference_app.storage.row_level_security import RowLevelSecurityStorage


class Storage(RowLevelSecurityStorage):
    """Leaves the tables as if the list of those with policies had not grown."""

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, settings: Settings, control: asyncpg.Pool
    ) -> AsyncIterator[RowLevelSecurityStorage]:
        async with super().connect(settings, control) as storage:
            await control.execute(
                "DROP POLICY IF EXISTS own_rows ON row_security.exports;"
                "ALTER TABLE row_security.exports DISABLE ROW LEVEL SECURITY"
            )
            yield storage


def create_app() -> FastAPI:
    """Make the app, on row-level security."""
    return main.create_app(parts=Parts(storage=Storage.connect))
