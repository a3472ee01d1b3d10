"""Seeded bug: the list of exports has those of all tenants; their files it has not."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.storage.seam import Export
from reference_app.storage.shared.exports import SharedExports
from reference_app.storage.shared.session import SharedTablesSession
from reference_app.storage.shared_tables import SharedTablesStorage


class ExportsOfEverybody(SharedExports):
    """Lists what was asked for last, by whomever."""

    async def page(self, limit: int, offset: int) -> Sequence[Export]:
        rows = await self._connection.fetch(
            "SELECT id, member_id, status, created_at, finished_at "
            "FROM shared.exports ORDER BY id DESC LIMIT $1 OFFSET $2",
            limit,
            offset,
        )
        return [Export(**row) for row in rows]


class Session(SharedTablesSession):
    """The app's, with these exports."""

    exports_type = ExportsOfEverybody


class Storage(SharedTablesStorage):
    """The app's, with this session."""

    session_type = Session


def create_app() -> FastAPI:
    """Make the app, on shared tables."""
    return main.create_app(parts=Parts(storage=Storage.connect))
