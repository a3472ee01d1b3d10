"""What a tenant has used, and what it may still use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from reference_app.ai.token_budget import today
from reference_app.api.dependencies import MEMBER_ERRORS, Caller, Current
from reference_app.storage.seam import UsageRow

router = APIRouter(prefix="/usage", tags=["usage"], responses=MEMBER_ERRORS)


class RequestLimit(BaseModel):
    """How the scarcer of the caller's and the tenant's buckets stands.

    `reset` says in how many seconds it is full again.
    """

    limit: int
    remaining: int
    reset: int


class ProviderLimit(BaseModel):
    """What the tenant's key may still use at the model provider."""

    limit: int
    remaining: int
    reset: datetime


class Usage(BaseModel):
    """Today's use of the assistant: everybody's for administrators, else one's own.

    A day is from midnight to midnight, UTC.
    """

    since: datetime
    members: Sequence[UsageRow]
    tokens_per_day: int
    tokens_left: int
    requests: RequestLimit
    provider: Mapping[str, ProviderLimit]


@router.get("")
async def read_usage(caller: Caller, current: Current) -> Usage:
    """Read what was used today, and what is left."""
    runtime, context = current.runtime, current.runtime.context
    await context.budget.refresh()
    since = today()
    async with current.store.session() as session:
        rows = await session.usage.since(since)
    everybodys = caller.role == "admin"
    standing = runtime.limits.standing(caller.member_id)
    windows = context.account.limits.windows if context.account else {}
    return Usage(
        since=since,
        members=[
            row for row in rows if everybodys or row.member_id == caller.member_id
        ],
        tokens_per_day=context.budget.per_day,
        tokens_left=context.budget.left,
        requests=RequestLimit.model_validate(standing, from_attributes=True),
        provider={
            kind: ProviderLimit.model_validate(window, from_attributes=True)
            for kind, window in windows.items()
        },
    )
