"""Seeded bug: setting a flag replaces the flag of that name, whosever it is."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.storage.seam import Flag
from reference_app.storage.shared.flags import SharedFlags
from reference_app.storage.shared.session import SharedTablesSession
from reference_app.storage.shared_tables import SharedTablesStorage


class FlagsUpdatedByName(SharedFlags):
    """Updates first and inserts if that met nothing; the update lacks the tenant."""

    async def put(self, flag: Flag) -> Flag:
        done = await self._connection.execute(
            "UPDATE shared.flags SET enabled = $2, description = $3 WHERE name = $1",
            flag.name,
            flag.enabled,
            flag.description,
        )
        if done == "UPDATE 0":
            await super().put(flag)
        return flag


class Session(SharedTablesSession):
    """The app's, with these flags."""

    flags_type = FlagsUpdatedByName


class Storage(SharedTablesStorage):
    """The app's, with this session."""

    session_type = Session


def create_app() -> FastAPI:
    """Make the app, on shared tables."""
    return main.create_app(parts=Parts(storage=Storage.connect))
