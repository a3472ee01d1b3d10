"""What the model may do: look into the documents of the tenant that it answers for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from anthropic.types import ToolParam
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reference_app.storage.seam import Document, TenantStore
from reference_app.text import Query

_FOUND = 5
_EXCERPT = 1000


class _Search(BaseModel):
    model_config = ConfigDict(extra="forbid")

    query: Query = Field(description="Words that stand in the title or the text.")


class _Read(BaseModel):
    model_config = ConfigDict(extra="forbid")

    document_id: int = Field(ge=1, le=2**31 - 1)


TOOLS: Sequence[ToolParam] = (
    {
        "name": "search_documents",
        "description": "Find documents that contain a text, in any case.",
        "input_schema": _Search.model_json_schema(),
    },
    {
        "name": "read_document",
        "description": "Read one document by its id.",
        "input_schema": _Read.model_json_schema(),
    },
)
"""As the provider is told of them."""


class ToolFailed(Exception):
    """The model asked for something that cannot be done; the message is for it."""


class Tools:
    """Runs tools on one tenant's store: nothing that a model says leads out of it.

    Args:
        store: Where the tenant's documents are.
    """

    def __init__(self, store: TenantStore) -> None:
        self._store = store

    async def run(self, name: str, given: Any) -> str:
        """Do what the model asks for, and return what it is told.

        Raises:
            ToolFailed: There is no such tool, or it was not asked properly.
        """
        try:
            match name:
                case "search_documents":
                    return await self._search(_Search.model_validate(given))
                case "read_document":
                    return await self._read(_Read.model_validate(given))
        except ValidationError as error:
            fields = [".".join(map(str, one["loc"])) for one in error.errors()]
            raise ToolFailed(f"not accepted: {', '.join(fields)}") from None
        raise ToolFailed("there is no such tool")

    async def _search(self, given: _Search) -> str:
        async with self._store.session() as session:
            found = await session.documents.search(given.query, _FOUND, 0)
        return "\n\n".join(map(_excerpt, found)) or "Nothing was found."

    async def _read(self, given: _Read) -> str:
        async with self._store.session() as session:
            document = await session.documents.get(given.document_id)
        if document is None:
            raise ToolFailed("there is no such document")
        return _excerpt(document)


def _excerpt(document: Document) -> str:
    return f"Document {document.id}: {document.title}\n{document.body[:_EXCERPT]}"
