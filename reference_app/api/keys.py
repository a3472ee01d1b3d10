"""Keys of tenants, as the operator rotates them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from structlog.contextvars import bound_contextvars

from reference_app.api.dependencies import AppResources, Operator
from reference_app.changes import Change
from reference_app.problems import not_found, problems
from reference_app.tenants.onboarding import ProviderKey
from reference_app.tenants.rotation import rotate_keys
from reference_app.text import Slug

router = APIRouter(
    prefix="/admin/tenants",
    tags=["operator"],
    dependencies=[Operator],
    responses=problems(400, 401, 422, 500, 503),
)


class Rotation(BaseModel):
    """How a tenant's keys shall be replaced."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    grace_seconds: int = Field(
        default=0,
        ge=0,
        le=86_400,
        description="How long tokens of the old key stay good; 0 after a theft.",
    )
    provider_key: ProviderKey | None = Field(
        default=None, description="Replaces the account with the model provider."
    )


class RotatedKeys(BaseModel):
    """What became of a tenant's old keys."""

    slug: str
    old_tokens_good_until: datetime | None
    provider_key_replaced: bool


@router.post("/{slug}/keys/rotate", responses=problems(404))
async def rotate_tenant_keys(
    resources: AppResources, slug: Annotated[Slug, Path()], rotation: Rotation
) -> RotatedKeys:
    """Give a tenant a new signing key, and another provider key if one is sent.

    Unless there is a grace period, all its members have to log in again. This
    process follows at once; others within seconds. An answer of the assistant that is
    on its way ends, if the provider key is replaced, before the old one is used again.
    """
    try:
        tenant, until = await rotate_keys(
            resources.control,
            slug,
            grace=rotation.grace_seconds,
            provider_key=rotation.provider_key,
        )
    except LookupError:
        raise not_found("tenant") from None
    resources.signing_keys.forget(tenant.id)
    resources.directory.forget(tenant.id)
    resources.tenants.notice(tenant)
    with bound_contextvars(tenant=tenant.slug):
        resources.logger.info("tenant keys rotated")
        if until is None:
            resources.hub.end(tenant, "access")
        change = Change("tenant.keys-rotated", f"tenant {tenant.slug}")
        resources.changes.announce(tenant, None, change)
    return RotatedKeys(
        slug=tenant.slug,
        old_tokens_good_until=until,
        provider_key_replaced=rotation.provider_key is not None,
    )
