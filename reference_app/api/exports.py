"""Exports: a tenant's documents as a file, to be fetched once it is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel

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
from reference_app.changes import Change
from reference_app.problems import ProblemError, not_found, problems, unavailable
from reference_app.resources import CurrentTenant, Resources
from reference_app.storage.seam import Export

router = APIRouter(prefix="/exports", tags=["exports"], responses=MEMBER_ERRORS)

_HEADER: dict[str, Any] = {"schema": {"type": "string"}}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {"text/csv": {"schema": {"type": "string"}}},
        "headers": {"Content-Disposition": _HEADER, "Cache-Control": _HEADER},
    }
}


class CsvFile(Response):
    """A file to be saved, never to be shown."""

    media_type = "text/csv"


class ExportPage(BaseModel):
    """Some of the exports."""

    items: Sequence[Export]


@router.post("", status_code=202, responses={202: {"headers": {"Location": _HEADER}}})
async def create_export(
    caller: Caller, current: Current, resources: AppResources, response: Response
) -> Export:
    """Have all documents written to a file; `status` says when it is there."""
    async with current.store.session() as session:
        export = await session.exports.create(caller.member_id)
    if not resources.exporter.start(current.tenant, export):
        async with current.store.session() as session:
            await session.exports.fail(export.id)
        after = resources.settings.retry_after
        raise unavailable("busy", "Try again later.", retry_after=after)
    change = Change("export.created", f"export {export.id}")
    resources.changes.announce(current.tenant, caller, change)
    response.headers["Location"] = f"/exports/{export.id}"
    return export


@router.get("", responses=problems(422))
async def list_exports(
    caller: Caller,
    current: Current,
    resources: AppResources,
    limit: Limit = None,
    offset: Offset = 0,
) -> ExportPage:
    """List exports, the newest first."""
    size = await page_size(resources, current, limit)
    async with current.store.session() as session:
        found = [
            await resources.exporter.current(session, export)
            for export in await session.exports.page(size, offset)
        ]
    return ExportPage(items=[export for export in found if export is not None])


@router.get("/{export_id}", responses=problems(422))
async def read_export(
    caller: Caller, current: Current, resources: AppResources, export_id: Id
) -> Export:
    """Read how an export stands."""
    return await _find(current, resources, export_id)


@router.get(
    "/{export_id}/file",
    status_code=200,
    response_class=CsvFile,
    responses=_FILE | problems(409, 422),
)
async def read_export_file(
    caller: Caller, current: Current, resources: AppResources, export_id: Id
) -> CsvFile:
    """Fetch the file of an export that is done; 409 as long as it is not.

    In the process that makes the file, the answer waits a moment for it.
    """
    export = await _find(current, resources, export_id)
    if export.status == "pending":
        timeout = resources.settings.acquire_timeout
        await resources.exporter.made(current.tenant, timeout=timeout)
        export = await _find(current, resources, export_id)
    if export.status == "pending":
        raise ProblemError(
            409,
            "export-pending",
            "Try again in a moment.",
            headers={"Retry-After": "1"},
        )
    async with current.store.session() as session:
        content = await session.exports.content(export_id)
    if content is None:
        raise ProblemError(409, "export-failed", "Ask for a new export.")
    name = f"documents-{current.tenant.slug}-{export_id}.csv"
    return CsvFile(
        content,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


async def _find(current: CurrentTenant, resources: Resources, export_id: int) -> Export:
    async with current.store.session() as session:
        export = await session.exports.get(export_id)
        if export is not None:
            export = await resources.exporter.current(session, export)
    if export is None:
        raise not_found("export")
    return export
