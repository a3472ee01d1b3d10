"""What the service's operator does; exists only if an admin token is set."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict
from structlog.contextvars import bound_contextvars

from reference_app.api.dependencies import AppResources, Operator
from reference_app.changes import Change
from reference_app.problems import ProblemError, not_found, problems
from reference_app.tenants.offboarding import offboard
from reference_app.tenants.onboarding import (
    DomainRefused,
    NewTenant,
    TenantExists,
)
from reference_app.tenants.open_tenants import NotReady
from reference_app.tenants.tenant import Status
from reference_app.text import Slug

router = APIRouter(
    prefix="/admin/tenants",
    tags=["operator"],
    dependencies=[Operator],
    responses=problems(400, 401, 422, 500, 503),
)


class OnboardedTenant(BaseModel):
    """A tenant as the operator sees it; `ready` if this process can serve it."""

    id: UUID
    slug: str
    name: str
    domains: list[str]
    ready: bool


class StatusInput(BaseModel):
    """Whether a tenant may be used."""

    model_config = ConfigDict(extra="forbid")

    status: Status


class TenantStatus(BaseModel):
    """A tenant's status, after a change."""

    slug: str
    status: Status


@router.post("", status_code=201, responses=problems(409))
async def onboard_tenant(resources: AppResources, new: NewTenant) -> OnboardedTenant:
    """Make a tenant and open it; other processes open it on first use."""
    with bound_contextvars(tenant=new.slug):
        try:
            tenant = await resources.onboard(
                new,
                settings=resources.settings,
                control=resources.control,
                storage=resources.storage,
                passwords=resources.passwords,
            )
        except TenantExists:
            detail = "The slug, the name or a domain is another tenant's."
            raise ProblemError(409, "tenant-exists", detail) from None
        except DomainRefused:
            detail = "Domains below the base domain follow from slugs."
            raise ProblemError(409, "domain-refused", detail) from None
        resources.logger.info("tenant onboarded")
        change = Change("tenant.onboarded", f"tenant {tenant.slug}")
        resources.changes.announce(tenant, None, change)
        try:
            await resources.tenants.ready(tenant)
            ready = True
        except NotReady:
            ready = False
    own = f"{tenant.slug}.{resources.settings.base_domain}"
    return OnboardedTenant(
        id=tenant.id,
        slug=tenant.slug,
        name=tenant.name,
        domains=[own, *new.domains],
        ready=ready,
    )


@router.delete("/{slug}", status_code=204, responses=problems(404))
async def offboard_tenant(
    resources: AppResources, slug: Annotated[Slug, Path()]
) -> None:
    """Remove a tenant with all that is its. It cannot be brought back.

    It is suspended first, so a removal that fails can be asked for again. Other
    processes find no such tenant within `cache_lifetime`; streams there end then, and
    what is open for it is closed at the next `housekeeping_interval`.
    """
    tenant = await resources.directory.set_status(slug, "suspended")
    if tenant is None:
        raise not_found("tenant")
    with bound_contextvars(tenant=tenant.slug):
        await resources.let_go(tenant)
        await offboard(tenant, control=resources.control, storage=resources.storage)
        # Once more: a request that was on its way may have opened it again.
        await resources.let_go(tenant)
        resources.logger.info("tenant offboarded")


@router.post("/{slug}/close", status_code=204, responses=problems(404))
async def close_tenant(resources: AppResources, slug: Annotated[Slug, Path()]) -> None:
    """Close what this process has open for a tenant, with its connections.

    For when something was changed behind the app's back. Who uses it has a moment to
    finish; streams end, and the next request has it opened anew.
    """
    tenant = await resources.directory.by_slug(slug)
    if tenant is None:
        raise not_found("tenant")
    with bound_contextvars(tenant=tenant.slug):
        await resources.tenants.close(tenant.id)
        resources.logger.info("tenant closed")


@router.put("/{slug}/status", responses=problems(404))
async def set_tenant_status(
    resources: AppResources, slug: Annotated[Slug, Path()], new: StatusInput
) -> TenantStatus:
    """Suspend or reactivate a tenant; other processes notice within seconds."""
    tenant = await resources.directory.set_status(slug, new.status)
    if tenant is None:
        raise not_found("tenant")
    with bound_contextvars(tenant=tenant.slug):
        resources.logger.info("tenant status set", status=tenant.status)
        if tenant.status != "active":
            resources.hub.end(tenant, "tenant")
        change = Change("tenant.status-set", tenant.status)
        resources.changes.announce(tenant, None, change)
    return TenantStatus(slug=tenant.slug, status=tenant.status)
