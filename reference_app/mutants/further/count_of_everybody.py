"""Seeded bug: documents are counted over all tenants; no row of another comes out."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.storage.shared.documents import SharedDocuments
from reference_app.storage.shared.session import SharedTablesSession
from reference_app.storage.shared_tables import SharedTablesStorage


class DocumentsCountedTogether(SharedDocuments):
    """Counts as it did when each tenant had a table of its own."""

    async def count(self) -> int:
        count = await self._connection.fetchval("SELECT count(*) FROM shared.documents")
        return int(count)


class Session(SharedTablesSession):
    """The app's, with these documents."""

    documents_type = DocumentsCountedTogether


class Storage(SharedTablesStorage):
    """The app's, with this session."""

    session_type = Session


def create_app() -> FastAPI:
    """Make the app, on shared tables."""
    return main.create_app(parts=Parts(storage=Storage.connect))
