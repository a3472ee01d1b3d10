"""Seeded bug: OR binds less than AND, so a match in a body is anybody's."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.storage.seam import Document
from reference_app.storage.shared.documents import SharedDocuments
from reference_app.storage.shared.session import SharedTablesSession
from reference_app.storage.shared_tables import SharedTablesStorage


class DocumentsSearchedLoosely(SharedDocuments):
    """Lacks the parentheses around title and body; titles alone come out right."""

    async def search(self, text: str, limit: int, offset: int) -> Sequence[Document]:
        rows = await self._connection.fetch(
            "SELECT id, title, body, created_at, updated_at FROM shared.documents "
            "WHERE tenant_id = $1 AND strpos(lower(title), lower($2)) > 0 "
            "OR strpos(lower(body), lower($2)) > 0 "
            "ORDER BY id LIMIT $3 OFFSET $4",
            self._tenant_id,
            text,
            limit,
            offset,
        )
        return [Document(**row) for row in rows]


class Session(SharedTablesSession):
    """The app's, with these documents."""

    documents_type = DocumentsSearchedLoosely


class Storage(SharedTablesStorage):
    """The app's, with this session."""

    session_type = Session


def create_app() -> FastAPI:
    """Make the app, on shared tables."""
    return main.create_app(parts=Parts(storage=Storage.connect))
