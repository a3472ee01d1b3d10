"""Replacing a tenant's keys."""

from __future__ import annotations

import secrets
from datetime import datetime

import asyncpg
from pydantic import SecretStr

from reference_app.tenants.tenant import Tenant


async def rotate_keys(
    control: asyncpg.Pool,
    slug: str,
    *,
    grace: int,
    provider_key: SecretStr | None,
) -> tuple[Tenant, datetime | None]:
    """Give a tenant a new signing key, and perhaps another provider key.

    Args:
        control: Where keys are kept.
        slug: Whose keys.
        grace: Seconds during which the key before this one still verifies.
        provider_key: Takes the place of the tenant's, if not None.

    Returns:
        The tenant as it is then, and until when tokens of the old key are good;
        None if they are not any more.

    Raises:
        LookupError: There is no such tenant.
    """
    row = await control.fetchrow(
        "UPDATE control.tenants SET "
        "previous_signing_key = CASE WHEN $2 > 0 THEN signing_key END, "
        "previous_signing_key_until = "
        "CASE WHEN $2 > 0 THEN now() + $2 * interval '1 second' END, "
        "signing_key = $3, provider_key = coalesce($4, provider_key), "
        # Members follow a signing key as they come; a provider key is held open.
        "revision = revision + ($4::text IS NOT NULL)::integer "
        "WHERE slug = $1 RETURNING id, slug, name, status, schema_name, role_name, "
        "revision, previous_signing_key_until",
        slug,
        grace,
        secrets.token_bytes(32),
        provider_key.get_secret_value() if provider_key else None,
    )
    if row is None:
        raise LookupError("no such tenant")
    *tenant, until = row
    return Tenant(*tenant), until
