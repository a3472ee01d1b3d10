"""Members of one tenant, in tables that all share."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from reference_app.migrations import Connection
from reference_app.storage.seam import EmailTaken, Login, Member, Role


class SharedMembers:
    """The rows of `shared.members` that belong to one tenant."""

    def __init__(self, connection: Connection, tenant_id: UUID) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def create(
        self, *, email: str, name: str, role: Role, password_hash: str
    ) -> Member:
        try:
            (row,) = await self._connection.fetch(
                "INSERT INTO shared.members "
                "(tenant_id, email, name, role, password_hash) "
                "VALUES ($1, $2, $3, $4, $5) "
                "RETURNING id, email, name, role, created_at",
                self._tenant_id,
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
            "SELECT id, email, name, role, created_at "
            "FROM shared.members WHERE tenant_id = $1 AND id = $2",
            self._tenant_id,
            member_id,
        )
        return Member(**row) if row else None

    async def page(self, limit: int, offset: int) -> Sequence[Member]:
        rows = await self._connection.fetch(
            "SELECT id, email, name, role, created_at FROM shared.members "
            "WHERE tenant_id = $1 ORDER BY id LIMIT $2 OFFSET $3",
            self._tenant_id,
            limit,
            offset,
        )
        return [Member(**row) for row in rows]

    async def count(self) -> int:
        count = await self._connection.fetchval(
            "SELECT count(*) FROM shared.members WHERE tenant_id = $1",
            self._tenant_id,
        )
        return int(count)

    async def login(self, email: str) -> Login | None:
        row = await self._connection.fetchrow(
            "SELECT id, email, name, role, created_at, password_hash "
            "FROM shared.members WHERE tenant_id = $1 AND lower(email) = lower($2)",
            self._tenant_id,
            email,
        )
        if row is None:
            return None
        values = dict(row)
        password_hash = values.pop("password_hash")
        return Login(Member(**values), password_hash)
