"""Seeded bug: a document is replaced by its id alone, whosever it is."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.storage.seam import Document
from reference_app.storage.shared.documents import SharedDocuments
from reference_app.storage.shared.session import SharedTablesSession
from reference_app.storage.shared_tables import SharedTablesStorage


class DocumentsUpdatedById(SharedDocuments):
    """Reads as one should, and writes wherever the id leads."""

    async def update(self, document_id: int, title: str, body: str) -> Document | None:
        row = await self._connection.fetchrow(
            "UPDATE shared.documents SET title = $2, body = $3, updated_at = now() "
            "WHERE id = $1 RETURNING id, title, body, created_at, updated_at",
            document_id,
            title,
            body,
        )
        return Document(**row) if row else None


class Session(SharedTablesSession):
    """The app's, with these documents."""

    documents_type = DocumentsUpdatedById


class Storage(SharedTablesStorage):
    """The app's, with this session."""

    session_type = Session


def create_app() -> FastAPI:
    """Make the app, on shared tables."""
    return main.create_app(parts=Parts(storage=Storage.connect))
