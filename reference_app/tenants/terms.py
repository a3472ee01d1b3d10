"""What was agreed with each tenant: its provider account and its limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
from pydantic import SecretStr

from reference_app.limits.rate_limits import Rates
from reference_app.settings import Settings


@dataclass(frozen=True, slots=True)
class Terms:
    """One tenant's terms.

    Attributes:
        provider_key: Its account with the model provider, if it has one.
        rates: Requests per minute.
        tokens_per_day: What the assistant may use up, input and output together.
    """

    provider_key: SecretStr | None = field(repr=False)
    rates: Rates
    tokens_per_day: int


async def load_terms(
    control: asyncpg.Pool, settings: Settings, tenant_id: UUID
) -> Terms:
    """Read one tenant's terms; the settings say what was not agreed.

    Raises:
        LookupError: The tenant is gone.
    """
    row = await control.fetchrow(
        "SELECT provider_key, requests_per_minute, member_requests_per_minute, "
        "tokens_per_day FROM control.tenants WHERE id = $1",
        tenant_id,
    )
    if row is None:
        raise LookupError("the tenant is gone")
    key, whole, each, tokens = row
    return Terms(
        provider_key=SecretStr(key) if key is not None else None,
        rates=Rates(
            tenant=_or(whole, settings.requests_per_minute),
            member=_or(each, settings.member_requests_per_minute),
        ),
        tokens_per_day=_or(tokens, settings.tokens_per_day),
    )


def _or(agreed: int | None, default: int) -> int:
    return default if agreed is None else agreed
