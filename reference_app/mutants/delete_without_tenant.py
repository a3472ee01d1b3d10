"""Seeded bug: a document is removed by its id alone, whosever it is."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.storage.shared.documents import SharedDocuments
from reference_app.storage.shared.session import SharedTablesSession
from reference_app.storage.shared_tables import SharedTablesStorage


class DocumentsDeletedById(SharedDocuments):
    """Reads and updates as one should, and removes wherever the id leads."""

    async def delete(self, document_id: int) -> bool:
        found = await self._connection.fetchval(
            "DELETE FROM shared.documents WHERE id = $1 RETURNING true", document_id
        )
        return bool(found)


class Session(SharedTablesSession):
    """The app's, with these documents."""

    documents_type = DocumentsDeletedById


class Storage(SharedTablesStorage):
    """The app's, with this session."""

    session_type = Session


def create_app() -> FastAPI:
    """Make the app, on shared tables."""
    return main.create_app(parts=Parts(storage=Storage.connect))
