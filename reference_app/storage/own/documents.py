"""Documents of the tenant that has the tables to itself."""

from __future__ import annotations

from collections.abc import Sequence

from reference_app.migrations import Connection
from reference_app.storage.seam import Document


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
