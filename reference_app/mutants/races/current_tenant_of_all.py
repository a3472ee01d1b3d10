"""Seeded bug: one pool: whose the session is stands in a global, and is read late."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.storage.one_pool import OnePoolStorage, OnePoolStore
from reference_app.storage.own.session import OwnTablesSession
from reference_app.tenants.tenant import Tenant

_CURRENT: list[Tenant] = []
"""The tenant of the request, the last one to come."""


class StoreOfCurrent(OnePoolStore):
    """Says whom it is for, and has the connection pointed there."""

    @asynccontextmanager
    async def session(self) -> AsyncIterator[OwnTablesSession]:
        _CURRENT[:] = [self._tenant]
        async with self._storage.acquire() as connection:
            await self._storage.enter(connection, _CURRENT[0])
            yield OwnTablesSession(connection)


class CurrentTenantOfAll(OnePoolStorage):
    """The app's, with these stores."""

    @asynccontextmanager
    async def open(self, tenant: Tenant) -> AsyncIterator[StoreOfCurrent]:
        yield StoreOfCurrent(self, tenant)


def create_app() -> FastAPI:
    """Make the app, on one pool."""
    return main.create_app(parts=Parts(storage=CurrentTenantOfAll.connect))
