"""The tenant's front page: what most visits ask for, so its answer is kept."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from reference_app.api.conditional import CONDITIONAL, IfNoneMatch, answer
from reference_app.api.dependencies import (
    MEMBER_ERRORS,
    AppResources,
    Caller,
    Current,
)
from reference_app.resources import CurrentTenant, Resources

router = APIRouter(prefix="/summary", tags=["summary"], responses=MEMBER_ERRORS)

_NEWEST = 5


class Summary(BaseModel):
    """A tenant at a glance."""

    tenant: str
    greeting: str
    documents: int
    members: int
    newest_titles: Sequence[str]


@router.get("", response_model=Summary, responses=CONDITIONAL)
async def read_summary(
    request: Request,
    caller: Caller,
    current: Current,
    resources: AppResources,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Sum up the tenant; at most `cache_lifetime` seconds old."""

    async def render() -> bytes:
        summary = await _summarise(current, resources)
        return summary.model_dump_json().encode()

    url = f"{request.url.path}?{request.url.query}"
    rendered = await resources.response_cache.get(current.tenant, url, render)
    return answer(rendered, if_none_match)


async def _summarise(current: CurrentTenant, resources: Resources) -> Summary:
    configuration = await resources.configuration_of(current.tenant)
    async with current.store.session() as session:
        newest = await session.documents.newest(_NEWEST)
        return Summary(
            tenant=current.tenant.name,
            greeting=configuration.greeting,
            documents=await session.documents.count(),
            members=await session.members.count(),
            newest_titles=[document.title for document in newest],
        )
