"""Seeded bug: shared pool: where a connection points is remembered, a rollback is not.

Role and search path outlive the transaction, so that they need not be set when
the next one is the same tenant's. But Postgres takes back what a transaction has
set if that fails, and then the connection points where it did before.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from sqlalchemy import bindparam, func, select

from reference_app import main
from reference_app.parts import Parts
from reference_app.storage.core.session import CoreSession
from reference_app.storage.shared_pool import (
    SharedPoolStorage,
    SharedPoolStore,
    _drivers_errors,
)
from reference_app.tenants.tenant import Tenant

_ENTER = select(
    func.set_config("role", bindparam("role"), False),
    func.set_config("search_path", bindparam("search_path"), False),
)


class RememberingStore(SharedPoolStore):
    """Points a connection at the tenant's schema unless it points there already."""

    @asynccontextmanager
    async def session(self) -> AsyncIterator[CoreSession]:
        with _drivers_errors():
            async with self._engine.begin() as connection:
                info = (await connection.get_raw_connection()).info
                if info.get("place") != self._place:
                    await connection.execute(_ENTER, self._place)
                    info["place"] = self._place
                yield CoreSession(connection)


class Storage(SharedPoolStorage):
    """The app's, with this store."""

    @asynccontextmanager
    async def open(self, tenant: Tenant) -> AsyncIterator[SharedPoolStore]:
        yield RememberingStore(self._engine, tenant)


def create_app() -> FastAPI:
    """Make the app, on a shared pool."""
    return main.create_app(parts=Parts(storage=Storage.connect))
