"""Seeded bug: who logs in is looked up by address alone, at whichever tenant."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.storage.seam import Login, Member
from reference_app.storage.shared.members import SharedMembers
from reference_app.storage.shared.session import SharedTablesSession
from reference_app.storage.shared_tables import SharedTablesStorage


class MembersOfAnyTenant(SharedMembers):
    """Takes an address for unique; the token is then one of the domain's tenant."""

    async def login(self, email: str) -> Login | None:
        row = await self._connection.fetchrow(
            "SELECT id, email, name, role, created_at, password_hash "
            "FROM shared.members WHERE lower(email) = lower($1)",
            email,
        )
        if row is None:
            return None
        values = dict(row)
        password_hash = values.pop("password_hash")
        return Login(Member(**values), password_hash)


class Session(SharedTablesSession):
    """The app's, with these members."""

    members_type = MembersOfAnyTenant


class Storage(SharedTablesStorage):
    """The app's, with this session."""

    session_type = Session


def create_app() -> FastAPI:
    """Make the app, on shared tables."""
    return main.create_app(parts=Parts(storage=Storage.connect))
