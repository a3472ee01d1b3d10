"""Documents of one tenant, in tables that all share."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from reference_app.migrations import Connection
from reference_app.storage.seam import Document


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
