"""Statements for a tenant that has its tables to itself.

Nothing here names a tenant or a schema: which tables are meant is settled by
the connection's search path.
"""

from __future__ import annotations

from collections.abc import Sequence

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


class OwnDocuments:
    """Documents of the tenant on the search path."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def create(self, title: str, body: str) -> Document:
        (row,) = await self._connection.fetch(
            "INSERT INTO documents (title, body) VALUES ($1, $2) "
            "RETURNING id, title, body, created_at, updated_at",
            title,
            body,
        )
        return Document(**row)

    async def get(self, document_id: int) -> Document | None:
        row = await self._connection.fetchrow(
            "SELECT id, title, body, created_at, updated_at "
            "FROM documents WHERE id = $1",
            document_id,
        )
        return Document(**row) if row else None

    async def page(self, limit: int, offset: int) -> Sequence[Document]:
        rows = await self._connection.fetch(
            "SELECT id, title, body, created_at, updated_at "
            "FROM documents ORDER BY id LIMIT $1 OFFSET $2",
            limit,
            offset,
        )
        return [Document(**row) for row in rows]

    async def search(self, text: str, limit: int, offset: int) -> Sequence[Document]:
        rows = await self._connection.fetch(
            "SELECT id, title, body, created_at, updated_at FROM documents "
            "WHERE strpos(lower(title), lower($1)) > 0 "
            "OR strpos(lower(body), lower($1)) > 0 "
            "ORDER BY id LIMIT $2 OFFSET $3",
            text,
            limit,
            offset,
        )
        return [Document(**row) for row in rows]

    async def newest(self, limit: int) -> Sequence[Document]:
        rows = await self._connection.fetch(
            "SELECT id, title, body, created_at, updated_at "
            "FROM documents ORDER BY id DESC LIMIT $1",
            limit,
        )
        return [Document(**row) for row in rows]

    async def update(self, document_id: int, title: str, body: str) -> Document | None:
        row = await self._connection.fetchrow(
            "UPDATE documents SET title = $2, body = $3, updated_at = now() "
            "WHERE id = $1 RETURNING id, title, body, created_at, updated_at",
            document_id,
            title,
            body,
        )
        return Document(**row) if row else None

    async def delete(self, document_id: int) -> bool:
        found = await self._connection.fetchval(
            "DELETE FROM documents WHERE id = $1 RETURNING true", document_id
        )
        return bool(found)

    async def count(self) -> int:
        return int(await self._connection.fetchval("SELECT count(*) FROM documents"))


class OwnMembers:
    """Members of the tenant on the search path."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def create(
        self, *, email: str, name: str, role: Role, password_hash: str
    ) -> Member:
        try:
            (row,) = await self._connection.fetch(
                "INSERT INTO members (email, name, role, password_hash) "
                "VALUES ($1, $2, $3, $4) RETURNING id, email, name, role, created_at",
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


class OwnFlags:
    """Feature flags of the tenant on the search path."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def all(self) -> Sequence[Flag]:
        rows = await self._connection.fetch(
            "SELECT name, enabled, description FROM flags ORDER BY name"
        )
        return [Flag(**row) for row in rows]

    async def put(self, flag: Flag) -> Flag:
        await self._connection.execute(
            "INSERT INTO flags (name, enabled, description) VALUES ($1, $2, $3) "
            "ON CONFLICT (name) DO UPDATE "
            "SET enabled = excluded.enabled, description = excluded.description",
            flag.name,
            flag.enabled,
            flag.description,
        )
        return flag


class OwnTablesSession:
    """A session over a connection whose search path is one tenant's schema."""

    def __init__(self, connection: Connection) -> None:
        self.documents = OwnDocuments(connection)
        self.members = OwnMembers(connection)
        self.flags = OwnFlags(connection)
