"""Seeded bug: a document is read by its id alone, whosever it is."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.storage.seam import Document
from reference_app.storage.shared.documents import SharedDocuments
from reference_app.storage.shared.session import SharedTablesSession
from reference_app.storage.shared_tables import SharedTablesStorage


class DocumentsReadById(SharedDocuments):
    """Takes the primary key for enough: ids are unique over all tenants."""

    async def get(self, document_id: int) -> Document | None:
        row = await self._connection.fetchrow(
            "SELECT id, title, body, created_at, updated_at "
            "FROM shared.documents WHERE id = $1",
            document_id,
        )
        return Document(**row) if row else None


class Session(SharedTablesSession):
    """The app's, with these documents."""

    documents_type = DocumentsReadById


class Storage(SharedTablesStorage):
    """The app's, with this session."""

    session_type = Session


def create_app() -> FastAPI:
    """Make the app, on shared tables."""
    return main.create_app(parts=Parts(storage=Storage.connect))
