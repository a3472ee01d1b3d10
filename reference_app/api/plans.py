"""The plans on offer: public, and the same for every tenant."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Response
from pydantic import TypeAdapter

from reference_app.api.dependencies import TENANT_ERRORS, Anybody, AppResources
from reference_app.tenants.plans import Plan, load_plans

router = APIRouter(
    prefix="/plans", tags=["plans"], responses=TENANT_ERRORS, dependencies=[Anybody]
)


@router.get("", response_model=Sequence[Plan])
async def list_plans(resources: AppResources) -> Response:
    """List the plans, the cheapest first; no login needed."""

    async def render() -> bytes:
        plans = await load_plans(resources.control)
        return TypeAdapter(Sequence[Plan]).dump_json(plans)

    body = await resources.public_cache.get("plans", render)
    return Response(body, media_type="application/json")
