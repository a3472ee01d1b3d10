"""The tenant's feature flags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict

from reference_app.api.dependencies import (
    MEMBER_ERRORS,
    Administrator,
    AppResources,
    Caller,
    Current,
)
from reference_app.changes import Change
from reference_app.problems import problems
from reference_app.storage.seam import Flag
from reference_app.text import FlagName, Prose

router = APIRouter(prefix="/flags", tags=["flags"], responses=MEMBER_ERRORS)


class FlagInput(BaseModel):
    """A flag as an administrator sets it."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool
    description: Prose = ""


@router.get("")
async def list_flags(
    caller: Caller, current: Current, resources: AppResources
) -> Sequence[Flag]:
    """List the flags, by name."""

    async def load() -> Sequence[Flag]:
        async with current.store.session() as session:
            return await session.flags.all()

    return await resources.flag_cache.get(current.tenant, load)


@router.put("/{name}", responses=problems(400, 422))
async def set_flag(
    caller: Administrator,
    current: Current,
    resources: AppResources,
    name: Annotated[FlagName, Path()],
    flag: FlagInput,
) -> Flag:
    """Add or replace a flag; administrators only."""
    new = Flag(name, flag.enabled, flag.description)

    async def write() -> Sequence[Flag]:
        async with current.store.session() as session:
            await session.flags.put(new)
            return await session.flags.all()

    await resources.flag_cache.replace(current.tenant, write)
    change = Change("flag.set", f"flag {name}: {'on' if flag.enabled else 'off'}")
    resources.changes.announce(current.tenant, caller, change)
    return new
