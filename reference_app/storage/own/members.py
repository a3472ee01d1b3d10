"""Members of the tenant that has the tables to itself."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from reference_app.migrations import Connection
from reference_app.storage.seam import EmailTaken, Login, Member, Role


class OwnMembers:
    """Members of the tenant on the search path."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def create(
        self, *, email: str, name: str, role: Role, password_hash: str
    ) -> Member:
        try:
            # Where the session is a transaction, the error ends this part of it.
            async with self._connection.transaction():
                (row,) = await self._connection.fetch(
                    "INSERT INTO members (email, name, role, password_hash) "
                    "VALUES ($1, $2, $3, $4) "
                    "RETURNING id, email, name, role, created_at",
                    email,
                    name,
                    role,
                    password_hash,
                )
        except asyncpg.UniqueViolationError:
            raise EmailTaken from None
        return Member(**row)

    async def get(self, member_id: int) -> Member | None:
        row = await self._connection.fetchrow(
            "SELECT id, email, name, role, created_at FROM members WHERE id = $1",
            member_id,
        )
        return Member(**row) if row else None

    async def page(self, limit: int, offset: int) -> Sequence[Member]:
        rows = await self._connection.fetch(
            "SELECT id, email, name, role, created_at "
            "FROM members ORDER BY id LIMIT $1 OFFSET $2",
            limit,
            offset,
        )
        return [Member(**row) for row in rows]

    async def count(self) -> int:
        return int(await self._connection.fetchval("SELECT count(*) FROM members"))

    async def login(self, email: str) -> Login | None:
        row = await self._connection.fetchrow(
            "SELECT id, email, name, role, created_at, password_hash "
            "FROM members WHERE lower(email) = lower($1)",
            email,
        )
        if row is None:
            return None
        values = dict(row)
        password_hash = values.pop("password_hash")
        return Login(Member(**values), password_hash)
