"""Seeded bug: pools are closed at the end, unless the start has failed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI

from reference_app import main
from reference_app.mutants.equivalents.few_pools import FewPoolsStorage
from reference_app.parts import Parts
from reference_app.settings import Settings


class PoolsOfAFailedStart(FewPoolsStorage):
    """Closes its pools when the app has run."""

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, settings: Settings, _control: asyncpg.Pool
    ) -> AsyncIterator[FewPoolsStorage]:
        storage = cls(settings)
        yield storage
        await storage.close()


def create_app() -> FastAPI:
    """Make the app, on few pools."""
    return main.create_app(parts=Parts(storage=PoolsOfAFailedStart.connect))
