"""What anybody can subscribe to: public, and no tenant's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg


@dataclass(frozen=True, slots=True)
class Plan:
    """An offer."""

    name: str
    monthly_price_cents: int
    document_limit: int | None


async def load_plans(control: asyncpg.Pool) -> Sequence[Plan]:
    """Read all plans, the cheapest first."""
    rows = await control.fetch(
        "SELECT name, monthly_price_cents, document_limit "
        "FROM control.plans ORDER BY monthly_price_cents, name"
    )
    return [Plan(**row) for row in rows]
