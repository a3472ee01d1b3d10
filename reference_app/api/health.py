"""What an orchestrator asks: alive, ready."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.security.utils import get_authorization_scheme_param
from pydantic import BaseModel

from reference_app.api.dependencies import AppResources, is_operator
from reference_app.kept import State
from reference_app.problems import problems
from reference_app.tenants.open_tenants import Standing

router = APIRouter(tags=["health"], responses=problems(500))


class Liveness(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """The process can serve.

    `tenants` says how many are open in it, `states` how all stand that were asked
    for; `detail` names them, for the operator only.
    """

    status: Literal["ready"] = "ready"
    tenants: int
    states: Mapping[State, int]
    detail: Sequence[Standing] | None = None


@router.get("/livez")
async def livez() -> Liveness:
    """Tell that the process answers; touches nothing else."""
    return Liveness()


@router.get("/readyz", responses=problems(503), response_model_exclude_none=True)
async def readyz(request: Request, resources: AppResources) -> Readiness:
    """Tell whether the database answers; one tenant's failure does not count.

    With the operator's token it names the tenants and how they stand, and why one
    did not open and when it is tried again.
    """
    await resources.control.fetchval("SELECT 1")
    counts = resources.tenants.counts()
    authorization = request.headers.get("authorization")
    scheme, token = get_authorization_scheme_param(authorization)
    detail = None
    if scheme.lower() == "bearer" and is_operator(resources, token):
        detail = resources.tenants.standings()
    return Readiness(tenants=counts.get("open", 0), states=counts, detail=detail)
