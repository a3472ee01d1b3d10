"""Seeded bug: what was used today is summed up over all tenants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.storage.seam import UsageRow
from reference_app.storage.shared.session import SharedTablesSession
from reference_app.storage.shared.usage import SharedUsage
from reference_app.storage.shared_tables import SharedTablesStorage


class UsageOfEverybody(SharedUsage):
    """Groups by member, and takes that for enough: members are of one tenant."""

    async def since(self, moment: datetime) -> Sequence[UsageRow]:
        rows = await self._connection.fetch(
            "SELECT member_id, sum(requests) AS requests, "
            "sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens "
            "FROM shared.usage WHERE used_at >= $1 GROUP BY member_id "
            "ORDER BY member_id",
            moment,
        )
        return [UsageRow(**row) for row in rows]


class Session(SharedTablesSession):
    """The app's, with this usage."""

    usage_type = UsageOfEverybody


class Storage(SharedTablesStorage):
    """The app's, with this session."""

    session_type = Session


def create_app() -> FastAPI:
    """Make the app, on shared tables."""
    return main.create_app(parts=Parts(storage=Storage.connect))
