"""Mints tenants: slug, name, domain, e-mail and password, each a canary."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.errors import TargetError
from harness.model.canary import (
    FIELD_EMAIL,
    FIELD_NAME,
    FIELD_PASSWORD,
    FIELD_PROVIDER_KEY,
    FIELD_SLUG,
    CanaryKey,
)
from harness.model.tenant import Tenant

if TYPE_CHECKING:
    from harness.model.scanner import Scanner

FIELD_SECOND_SLUG, FIELD_SECOND_NAME = 5, 6
QUOTES, COMMAS = 2, 3
"""Indices of the tenants whose names hold quotes, or commas."""


def mint_tenant(
    key: CanaryKey, index: int, *, domain: str, again: bool = False
) -> Tenant:
    """Mint a tenant with a plain name.

    Args:
        key: Mints its canaries.
        index: Of the tenant.
        domain: Template of its domain, with ``{slug}``.
        again: Whether the first try left something behind, so that slug, name and
            e-mail must be other ones.

    Raises:
        TargetError: The template names something else.
    """
    slug = key.mint(index, FIELD_SECOND_SLUG if again else FIELD_SLUG)
    try:
        host = domain.format(slug=slug)
    except (KeyError, IndexError, ValueError) as error:
        message = f"Target.domain is {domain!r}, which cannot be filled: {error}."
        raise TargetError(message, hint="Only {slug} may be used there.") from error
    return Tenant(
        index=index,
        slug=slug,
        name=key.mint(index, FIELD_SECOND_NAME if again else FIELD_NAME),
        domain=host,
        email=f"{key.mint(index, FIELD_EMAIL)}{2 if again else ''}@example.com",
        # Upper case, digit and sign: for apps with rules about passwords.
        password=f"{key.mint(index, FIELD_PASSWORD)}-A1",
        provider_key=f"sk-ant-{key.mint(index, FIELD_PROVIDER_KEY)}",
    )


def with_hostile_name(tenant: Tenant, schema: str, scanner: Scanner) -> Tenant:
    """Give a tenant a name that reaches into another's schema if interpolated.

    Where an app writes names into SQL, ``x", "<schema>`` breaks out of quotes and
    ``x, <schema>`` out of a bare list; quoted properly, both are only names.

    Args:
        tenant: Whose name it is to be; its index decides the kind.
        schema: Of the tenant to be reached; "" where tenants have none.
        scanner: Tells which of others' canaries the name then carries.
    """
    reach = schema or "public"
    quotes = tenant.index % 2 == QUOTES % 2
    name = f'{tenant.name}", "{reach}' if quotes else f"{tenant.name}, {reach}"
    others = {
        (hit.owner, hit.field)
        for hit in scanner.scan_text(name)
        if hit.owner != tenant.index
    }
    return replace(tenant, name=name, knows=frozenset(others))
