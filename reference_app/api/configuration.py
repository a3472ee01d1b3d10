"""The tenant's own settings."""

from __future__ import annotations

from fastapi import APIRouter

from reference_app.api.dependencies import (
    MEMBER_ERRORS,
    Administrator,
    AppResources,
    Caller,
    Current,
)
from reference_app.changes import Change
from reference_app.problems import problems
from reference_app.tenants.configuration import Configuration

router = APIRouter(
    prefix="/configuration", tags=["configuration"], responses=MEMBER_ERRORS
)


@router.get("")
async def read_configuration(
    caller: Caller, current: Current, resources: AppResources
) -> Configuration:
    """Read the configuration."""
    return await resources.configuration_of(current.tenant)


@router.put("", responses=problems(400, 422))
async def replace_configuration(
    caller: Administrator,
    current: Current,
    resources: AppResources,
    configuration: Configuration,
) -> Configuration:
    """Replace the configuration; administrators only."""
    saved = await resources.configuration_cache.replace(
        current.tenant,
        lambda: resources.configurations.save(current.tenant.id, configuration),
    )
    change = Change("configuration.replaced", "configuration")
    resources.changes.announce(current.tenant, caller, change)
    return saved
