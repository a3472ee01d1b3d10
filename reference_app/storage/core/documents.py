"""Documents, in SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from reference_app.storage.core.tables import documents
from reference_app.storage.seam import Document


class CoreDocuments:
    """Documents of the tenant on the search path."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def create(self, title: str, body: str) -> Document:
        new = insert(documents).values(title=title, body=body)
        result = await self._connection.execute(new.returning(*documents.c))
        return Document(*result.one())

    async def get(self, document_id: int) -> Document | None:
        result = await self._connection.execute(
            select(documents).where(documents.c.id == document_id)
        )
        row = result.one_or_none()
        return Document(*row) if row else None

    async def page(self, limit: int, offset: int) -> Sequence[Document]:
        result = await self._connection.execute(
            select(documents).order_by(documents.c.id).limit(limit).offset(offset)
        )
        return [Document(*row) for row in result]

    async def search(self, text: str, limit: int, offset: int) -> Sequence[Document]:
        sought = func.lower(text)
        found = or_(
            func.strpos(func.lower(documents.c.title), sought) > 0,
            func.strpos(func.lower(documents.c.body), sought) > 0,
        )
        result = await self._connection.execute(
            select(documents)
            .where(found)
            .order_by(documents.c.id)
            .limit(limit)
            .offset(offset)
        )
        return [Document(*row) for row in result]

    async def newest(self, limit: int) -> Sequence[Document]:
        result = await self._connection.execute(
            select(documents).order_by(documents.c.id.desc()).limit(limit)
        )
        return [Document(*row) for row in result]

    async def update(self, document_id: int, title: str, body: str) -> Document | None:
        result = await self._connection.execute(
            update(documents)
            .where(documents.c.id == document_id)
            .values(title=title, body=body, updated_at=func.now())
            .returning(*documents.c)
        )
        row = result.one_or_none()
        return Document(*row) if row else None

    async def delete(self, document_id: int) -> bool:
        result = await self._connection.execute(
            delete(documents).where(documents.c.id == document_id)
        )
        return result.rowcount > 0

    async def count(self) -> int:
        query = select(func.count()).select_from(documents)
        return (await self._connection.execute(query)).scalar_one()
