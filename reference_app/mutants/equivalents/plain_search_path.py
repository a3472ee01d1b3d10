"""Harmless: `SET search_path` for the session, which nobody here takes back.

asyncpg does: a connection that returns to its pool runs `RESET ALL`.
"""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.identifiers import quote_identifier
from reference_app.migrations import Connection
from reference_app.parts import Parts
from reference_app.storage.one_pool import OnePoolStorage
from reference_app.tenants.tenant import Tenant


class OnePoolPlainSet(OnePoolStorage):
    """Writes the schema into the statement, quoted, and not just for a transaction."""

    async def enter(self, connection: Connection, tenant: Tenant) -> None:
        await connection.execute(
            f"SET search_path TO {quote_identifier(tenant.own_schema)}"
        )


def create_app() -> FastAPI:
    """Make the app, on one pool."""
    return main.create_app(parts=Parts(storage=OnePoolPlainSet.connect))
