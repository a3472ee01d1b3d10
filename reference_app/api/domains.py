"""Custom domains of tenants, as the operator assigns and moves them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from structlog.contextvars import bound_contextvars

from reference_app.api.dependencies import AppResources, Operator
from reference_app.changes import Change
from reference_app.problems import ProblemError, not_found, problems
from reference_app.resources import Resources
from reference_app.tenants.domains import DomainTaken, assign_domains
from reference_app.tenants.onboarding import DomainRefused
from reference_app.tenants.tenant import Tenant
from reference_app.text import Domain, Slug

router = APIRouter(
    prefix="/admin/tenants",
    tags=["operator"],
    dependencies=[Operator],
    responses=problems(400, 401, 422, 500, 503),
)


class DomainsInput(BaseModel):
    """All custom domains that a tenant shall have."""

    model_config = ConfigDict(extra="forbid")

    domains: list[Domain] = Field(max_length=20)
    move_from: Slug | None = Field(
        default=None, description="Whose they are now, if some are another tenant's."
    )


class TenantDomains(BaseModel):
    """A tenant's domains, after a change."""

    slug: str
    domains: list[str]


@router.put("/{slug}/domains", responses=problems(404, 409))
async def set_tenant_domains(
    resources: AppResources, slug: Annotated[Slug, Path()], new: DomainsInput
) -> TenantDomains:
    """Replace a tenant's custom domains; nobody's are taken unless it is said whose.

    This process follows at once; others within seconds.
    """
    tenant = await _find(resources, slug)
    holder = await _find(resources, new.move_from) if new.move_from else None
    try:
        await assign_domains(
            resources.control,
            resources.settings,
            to=tenant,
            domains=new.domains,
            taken_from=holder,
        )
    except DomainTaken:
        detail = "A domain is another tenant's: say whose in `move_from`."
        raise ProblemError(409, "domain-taken", detail) from None
    except DomainRefused:
        detail = "Domains below the base domain follow from slugs."
        raise ProblemError(409, "domain-refused", detail) from None
    for party in (tenant, holder):
        if party is not None:
            _tell(resources, party)
    own = f"{tenant.slug}.{resources.settings.base_domain}"
    return TenantDomains(slug=tenant.slug, domains=[own, *sorted(set(new.domains))])


def _tell(resources: Resources, tenant: Tenant) -> None:
    """Have this process look a tenant's domains up again."""
    resources.directory.forget(tenant.id)
    with bound_contextvars(tenant=tenant.slug):
        resources.logger.info("tenant domains changed")
        change = Change("tenant.domains-changed", f"tenant {tenant.slug}")
        resources.changes.announce(tenant, None, change)


async def _find(resources: Resources, slug: str) -> Tenant:
    tenant = await resources.directory.by_slug(slug)
    if tenant is None:
        raise not_found("tenant")
    return tenant
