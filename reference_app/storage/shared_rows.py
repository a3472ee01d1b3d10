"""Statements for tenants that share tables.

Each of them, without exception, says whose rows are meant: `$1` is the tenant.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from reference_app.migrations import Connection
from reference_app.storage.seam import (
    Document,
    EmailTaken,
    Flag,
    Login,
    Member,
    Role,
)


class SharedDocuments:
    """The rows of `shared.documents` that belong to one tenant."""

    def __init__(self, connection: Connection, tenant_id: UUID) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def create(self, title: str, body: str) -> Document:
        (row,) = await self._connection.fetch(
            "INSERT INTO shared.documents (tenant_id, title, body) "
            "VALUES ($1, $2, $3) RETURNING id, title, body, created_at, updated_at",
            self._tenant_id,
            title,
            body,
        )
        return Document(**row)

    async def get(self, document_id: int) -> Document | None:
        row = await self._connection.fetchrow(
            "SELECT id, title, body, created_at, updated_at "
            "FROM shared.documents WHERE tenant_id = $1 AND id = $2",
            self._tenant_id,
            document_id,
        )
        return Document(**row) if row else None

    async def page(self, limit: int, offset: int) -> Sequence[Document]:
        rows = await self._connection.fetch(
            "SELECT id, title, body, created_at, updated_at FROM shared.documents "
            "WHERE tenant_id = $1 ORDER BY id LIMIT $2 OFFSET $3",
            self._tenant_id,
            limit,
            offset,
        )
        return [Document(**row) for row in rows]

    async def search(self, text: str, limit: int, offset: int) -> Sequence[Document]:
        rows = await self._connection.fetch(
            "SELECT id, title, body, created_at, updated_at FROM shared.documents "
            "WHERE tenant_id = $1 AND (strpos(lower(title), lower($2)) > 0 "
            "OR strpos(lower(body), lower($2)) > 0) "
            "ORDER BY id LIMIT $3 OFFSET $4",
            self._tenant_id,
            text,
            limit,
            offset,
        )
        return [Document(**row) for row in rows]

    async def newest(self, limit: int) -> Sequence[Document]:
        rows = await self._connection.fetch(
            "SELECT id, title, body, created_at, updated_at FROM shared.documents "
            "WHERE tenant_id = $1 ORDER BY id DESC LIMIT $2",
            self._tenant_id,
            limit,
        )
        return [Document(**row) for row in rows]

    async def update(self, document_id: int, title: str, body: str) -> Document | None:
        row = await self._connection.fetchrow(
            "UPDATE shared.documents SET title = $3, body = $4, updated_at = now() "
            "WHERE tenant_id = $1 AND id = $2 "
            "RETURNING id, title, body, created_at, updated_at",
            self._tenant_id,
            document_id,
            title,
            body,
        )
        return Document(**row) if row else None

    async def delete(self, document_id: int) -> bool:
        found = await self._connection.fetchval(
            "DELETE FROM shared.documents WHERE tenant_id = $1 AND id = $2 "
            "RETURNING true",
            self._tenant_id,
            document_id,
        )
        return bool(found)

    async def count(self) -> int:
        count = await self._connection.fetchval(
            "SELECT count(*) FROM shared.documents WHERE tenant_id = $1",
            self._tenant_id,
        )
        return int(count)


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


class SharedFlags:
    """The rows of `shared.flags` that belong to one tenant."""

    def __init__(self, connection: Connection, tenant_id: UUID) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def all(self) -> Sequence[Flag]:
        rows = await self._connection.fetch(
            "SELECT name, enabled, description FROM shared.flags "
            "WHERE tenant_id = $1 ORDER BY name",
            self._tenant_id,
        )
        return [Flag(**row) for row in rows]

    async def put(self, flag: Flag) -> Flag:
        await self._connection.execute(
            "INSERT INTO shared.flags (tenant_id, name, enabled, description) "
            "VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id, name) DO UPDATE "
            "SET enabled = excluded.enabled, description = excluded.description",
            self._tenant_id,
            flag.name,
            flag.enabled,
            flag.description,
        )
        return flag
