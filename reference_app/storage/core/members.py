"""Members, in SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from reference_app.storage.core.tables import members
from reference_app.storage.seam import EmailTaken, Login, Member, Role

_SHOWN = members.c["id", "email", "name", "role", "created_at"]


class CoreMembers:
    """Members of the tenant on the search path."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def create(
        self, *, email: str, name: str, role: Role, password_hash: str
    ) -> Member:
        new = insert(members).values(
            email=email, name=name, role=role, password_hash=password_hash
        )
        # An error would end the transaction; a row that is missing does not.
        unless_taken = new.on_conflict_do_nothing(
            index_elements=[func.lower(members.c.email)]
        )
        result = await self._connection.execute(unless_taken.returning(*_SHOWN))
        row = result.one_or_none()
        if row is None:
            raise EmailTaken
        return Member(*row)

    async def get(self, member_id: int) -> Member | None:
        result = await self._connection.execute(
            select(*_SHOWN).where(members.c.id == member_id)
        )
        row = result.one_or_none()
        return Member(*row) if row else None

    async def page(self, limit: int, offset: int) -> Sequence[Member]:
        result = await self._connection.execute(
            select(*_SHOWN).order_by(members.c.id).limit(limit).offset(offset)
        )
        return [Member(*row) for row in result]

    async def count(self) -> int:
        query = select(func.count()).select_from(members)
        return (await self._connection.execute(query)).scalar_one()

    async def login(self, email: str) -> Login | None:
        result = await self._connection.execute(
            select(*_SHOWN, members.c.password_hash).where(
                func.lower(members.c.email) == func.lower(email)
            )
        )
        row = result.one_or_none()
        if row is None:
            return None
        *shown, password_hash = row
        return Login(Member(*shown), password_hash)
