"""Which custom domains are whose, and how they change hands."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from reference_app.settings import Settings
from reference_app.tenants.onboarding import DomainRefused
from reference_app.tenants.tenant import Tenant


class DomainTaken(Exception):
    """A domain is a tenant's that was not named as the one to take it from."""


async def assign_domains(
    control: asyncpg.Pool,
    settings: Settings,
    *,
    to: Tenant,
    domains: Sequence[str],
    taken_from: Tenant | None,
) -> None:
    """Make these the custom domains of a tenant, or change nothing at all.

    A domain is in one row, and all happens in one transaction: at no time does it
    belong to two tenants, nor, while it moves, to none.

    Args:
        control: Where domains are kept.
        settings: Says below which domain slugs decide.
        to: Whose they shall be; what else it had, it loses.
        domains: All that it shall have.
        taken_from: Who has some of them now, and loses those.

    Raises:
        DomainRefused: One lies below the base domain.
        DomainTaken: One is another tenant's.
    """
    below = "." + settings.base_domain
    if any(("." + domain).endswith(below) for domain in domains):
        raise DomainRefused
    parties = [to.id] + ([taken_from.id] if taken_from else [])
    async with control.acquire() as connection, connection.transaction():
        # In one order, so that two moves of the same domains take turns.
        await connection.fetch(
            "SELECT 1 FROM control.tenants WHERE id = ANY($1) ORDER BY id FOR UPDATE",
            parties,
        )
        await connection.execute(
            "DELETE FROM control.domains WHERE tenant_id = ANY($1) "
            "AND (tenant_id = $2) = (domain <> ALL($3))",
            parties,
            to.id,
            domains,
        )
        await connection.execute(
            "INSERT INTO control.domains (domain, tenant_id) "
            "SELECT domain, $1 FROM unnest($2::text[]) AS domain "
            "ON CONFLICT DO NOTHING",
            to.id,
            domains,
        )
        owned = await connection.fetchval(
            "SELECT count(*) FROM control.domains WHERE tenant_id = $1", to.id
        )
        if owned != len(set(domains)):
            raise DomainTaken
