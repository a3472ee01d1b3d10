"""Documents: the texts that a tenant keeps here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, TypeAdapter

from reference_app.api.conditional import CONDITIONAL, IfNoneMatch, answer
from reference_app.api.dependencies import (
    MEMBER_ERRORS,
    AppResources,
    Caller,
    Current,
    Id,
    Limit,
    Offset,
    page_size,
)
from reference_app.caches.rendered import Rendered
from reference_app.changes import Change
from reference_app.problems import not_found, problems
from reference_app.storage.seam import Document
from reference_app.text import Line, Prose
from reference_app.text import Query as SearchText

_DOCUMENT = TypeAdapter(Document)

router = APIRouter(prefix="/documents", tags=["documents"], responses=MEMBER_ERRORS)


class DocumentInput(BaseModel):
    """A document as a client writes it."""

    model_config = ConfigDict(extra="forbid")

    title: Line
    body: Prose = ""


class DocumentPage(BaseModel):
    """Some of the documents, and how many there are."""

    items: Sequence[Document]
    total: int


class DocumentMatches(BaseModel):
    """Some of the documents that a search has found."""

    items: Sequence[Document]


class DocumentCount(BaseModel):
    """How many documents there are."""

    count: int


@router.post(
    "",
    status_code=201,
    responses=problems(400, 422)
    | {201: {"headers": {"Location": {"schema": {"type": "string"}}}}},
)
async def create_document(
    caller: Caller,
    current: Current,
    resources: AppResources,
    document: DocumentInput,
    response: Response,
) -> Document:
    """Add a document."""
    async with current.store.session() as session:
        created = await session.documents.create(document.title, document.body)
    resources.changes.announce(
        current.tenant, caller, Change.of_document("created", created)
    )
    response.headers["Location"] = f"/documents/{created.id}"
    return created


@router.get("", response_model=DocumentPage, responses=problems(422) | CONDITIONAL)
async def list_documents(
    *,
    caller: Caller,
    current: Current,
    resources: AppResources,
    limit: Limit = None,
    offset: Offset = 0,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """List documents, the oldest first."""
    size = await page_size(resources, current, limit)
    async with current.store.session() as session:
        page = DocumentPage(
            items=await session.documents.page(size, offset),
            total=await session.documents.count(),
        )
    body = page.model_dump_json().encode()
    return answer(Rendered.of(current.tenant, body), if_none_match)


@router.get("/count")
async def count_documents(caller: Caller, current: Current) -> DocumentCount:
    """Count documents."""
    async with current.store.session() as session:
        return DocumentCount(count=await session.documents.count())


@router.get("/search", responses=problems(422))
async def search_documents(
    *,
    caller: Caller,
    current: Current,
    resources: AppResources,
    q: Annotated[SearchText, Query(description="Looked for in title and body.")],
    limit: Limit = None,
    offset: Offset = 0,
) -> DocumentMatches:
    """Find documents that contain a text, in any case."""
    size = await page_size(resources, current, limit)
    async with current.store.session() as session:
        return DocumentMatches(items=await session.documents.search(q, size, offset))


@router.get(
    "/{document_id}", response_model=Document, responses=problems(422) | CONDITIONAL
)
async def read_document(
    caller: Caller,
    current: Current,
    document_id: Id,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Read a document."""
    async with current.store.session() as session:
        document = await session.documents.get(document_id)
    if document is None:
        raise not_found("document")
    body = _DOCUMENT.dump_json(document)
    return answer(Rendered.of(current.tenant, body), if_none_match)


@router.put("/{document_id}", responses=problems(400, 422))
async def update_document(
    caller: Caller,
    current: Current,
    resources: AppResources,
    document_id: Id,
    document: DocumentInput,
) -> Document:
    """Replace a document."""
    async with current.store.session() as session:
        updated = await session.documents.update(
            document_id, document.title, document.body
        )
    if updated is None:
        raise not_found("document")
    resources.changes.announce(
        current.tenant, caller, Change.of_document("updated", updated)
    )
    return updated


@router.delete("/{document_id}", status_code=204, responses=problems(422))
async def delete_document(
    caller: Caller, current: Current, resources: AppResources, document_id: Id
) -> None:
    """Remove a document."""
    async with current.store.session() as session:
        deleted = await session.documents.delete(document_id)
    if not deleted:
        raise not_found("document")
    subject = f"document {document_id}"
    change = Change("document.deleted", subject, {"id": document_id})
    resources.changes.announce(current.tenant, caller, change)
