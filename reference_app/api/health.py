"""What an orchestrator asks: alive, ready."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from reference_app.api.dependencies import AppResources
from reference_app.problems import problems

router = APIRouter(tags=["health"], responses=problems(500))


class Liveness(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """The process can serve; `tenants` says how many are open in it."""

    status: Literal["ready"] = "ready"
    tenants: int


@router.get("/livez")
async def livez() -> Liveness:
    """Tell that the process answers; touches nothing else."""
    return Liveness()


@router.get("/readyz", responses=problems(503))
async def readyz(resources: AppResources) -> Readiness:
    """Tell whether the database answers; one tenant's failure does not count."""
    await resources.control.fetchval("SELECT 1")
    return Readiness(tenants=resources.tenants.counts()["open"])
