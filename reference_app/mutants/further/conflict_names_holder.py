"""Seeded bug: who has an address is looked up over all tenants, and told."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.problems import ProblemError
from reference_app.storage.seam import Member, Role
from reference_app.storage.shared.members import SharedMembers
from reference_app.storage.shared.session import SharedTablesSession
from reference_app.storage.shared_tables import SharedTablesStorage


class MembersWithFriendlyConflict(SharedMembers):
    """Looks before it inserts, to say more than the constraint does."""

    async def create(
        self, *, email: str, name: str, role: Role, password_hash: str
    ) -> Member:
        holder = await self._connection.fetchval(
            "SELECT name FROM shared.members WHERE lower(email) = lower($1)", email
        )
        if holder is not None:
            detail = f"This is the address of {holder}."
            raise ProblemError(409, "email-taken", detail)
        return await super().create(
            email=email, name=name, role=role, password_hash=password_hash
        )


class Session(SharedTablesSession):
    """The app's, with these members."""

    members_type = MembersWithFriendlyConflict


class Storage(SharedTablesStorage):
    """The app's, with this session."""

    session_type = Session


def create_app() -> FastAPI:
    """Make the app, on shared tables."""
    return main.create_app(parts=Parts(storage=Storage.connect))
