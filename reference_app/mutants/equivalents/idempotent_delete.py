"""Harmless: removing a document always succeeds, but only one's own is gone."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.storage.shared.documents import SharedDocuments
from reference_app.storage.shared.session import SharedTablesSession
from reference_app.storage.shared_tables import SharedTablesStorage


class IdempotentDocuments(SharedDocuments):
    """Says that a document is gone also if it never was there."""

    async def delete(self, document_id: int) -> bool:
        await super().delete(document_id)
        return True


class Session(SharedTablesSession):
    """The app's, with these documents."""

    documents_type = IdempotentDocuments


class Storage(SharedTablesStorage):
    """The app's, with this session."""

    session_type = Session


def create_app() -> FastAPI:
    """Make the app, on shared tables."""
    return main.create_app(parts=Parts(storage=Storage.connect))
