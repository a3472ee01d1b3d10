"""Seeded bug: a tenant's name is put into `SET search_path` between quotes.

A name such as `x", "acme` closes the quotes itself and selects the schema of acme.
It takes a tenant of that name, onboarded after the one that it means.
"""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.migrations import Connection
from reference_app.parts import Parts
from reference_app.storage.one_pool import OnePoolStorage
from reference_app.storage.own.session import OwnTablesSession
from reference_app.tenants.tenant import Tenant


class OnePoolByName(OnePoolStorage):
    """Quotes names, but does not double the quotes that are in them."""

    async def enter(self, connection: Connection, tenant: Tenant) -> None:
        await connection.execute(f'SET search_path TO "{tenant.name}"')

    async def provision(
        self, connection: Connection, tenant: Tenant
    ) -> OwnTablesSession:
        """Make the schema, and enter it the way that every request does.

        So the first member is where logging in will look for it.
        """
        session = await super().provision(connection, tenant)
        await self.enter(connection, tenant)
        return session


def create_app() -> FastAPI:
    """Make the app, on one pool."""
    return main.create_app(parts=Parts(storage=OnePoolByName.connect))
