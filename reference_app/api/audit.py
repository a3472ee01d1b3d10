"""The audit trail: who did what at the tenant."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import BaseModel

from reference_app.api.dependencies import (
    MEMBER_ERRORS,
    Administrator,
    AppResources,
    Current,
    Limit,
    Offset,
    page_size,
)
from reference_app.problems import problems
from reference_app.storage.seam import AuditEntry

router = APIRouter(prefix="/audit", tags=["audit"], responses=MEMBER_ERRORS)


class AuditPage(BaseModel):
    """Some of the entries; `member_id` is null for the service's operator."""

    items: Sequence[AuditEntry]


@router.get("", responses=problems(422))
async def list_audit_entries(
    caller: Administrator,
    current: Current,
    resources: AppResources,
    limit: Limit = None,
    offset: Offset = 0,
) -> AuditPage:
    """List what was done, the newest first; administrators only."""
    size = await page_size(resources, current, limit)
    timeout = resources.settings.acquire_timeout
    await resources.audit.written(current.tenant, timeout=timeout)
    async with current.store.session() as session:
        return AuditPage(items=await session.audit.page(size, offset))
