"""What has been taken of rate limits lately, where all processes find it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from uuid import UUID

import asyncpg

from reference_app.limits.rate_limits import RateLimits

_WRITE = """
    INSERT INTO control.allowances AS a (tenant_id, bucket, full_at, taken)
    SELECT t.id, u.bucket, now() + u.full_in, u.taken
    -- As texts: of other arrays, asyncpg asks on each connection what is in them.
    FROM unnest($1::text[]::uuid[], $2::text[],
                $3::text[]::interval[], $4::text[]::interval[])
        AS u (tenant_id, bucket, full_in, taken)
    JOIN control.tenants t ON t.id = u.tenant_id
    -- In one order, so that processes take turns; and not those that are leaving.
    ORDER BY t.id, u.bucket FOR KEY SHARE OF t
    ON CONFLICT (tenant_id, bucket) DO UPDATE SET
        full_at = greatest(a.full_at + excluded.taken, excluded.full_at),
        taken = excluded.taken
    RETURNING tenant_id, bucket,
        extract(epoch FROM full_at - now())::float8 AS full_in
"""
_FORGET = """
    DELETE FROM control.allowances WHERE (tenant_id, bucket) IN (
        SELECT tenant_id, bucket FROM control.allowances
        WHERE full_at < now() FOR UPDATE SKIP LOCKED
    )
"""


class Allowances:
    """Writes down what buckets have given, and what they need to know when made anew.

    A bucket is a moment: when it will be full again. Each process adds what it let
    through to what the others have, and learns thereby what they have added. What is
    full again is no row.

    Args:
        control: Where the table is, one for all tenants: writing it for many takes
            one statement, and wakes up nobody's pool.
    """

    def __init__(self, control: asyncpg.Pool) -> None:
        self._control = control
        self._turn = asyncio.Lock()  # what is on its way must not be sent again

    async def load(self, tenant_id: UUID) -> Mapping[str, float]:
        """Return in how many seconds the buckets of a tenant are full, by name.

        Those that are full already are missing.
        """
        rows = await self._control.fetch(
            "SELECT bucket, extract(epoch FROM full_at - now())::float8 AS full_in "
            "FROM control.allowances WHERE tenant_id = $1 AND full_at > now()",
            tenant_id,
        )
        return {row["bucket"]: row["full_in"] for row in rows}

    async def exchange(self, limits: Mapping[UUID, RateLimits]) -> None:
        """Write what was taken since the last time, and take out what others took.

        What cannot be written is kept for the next time. Where nothing was taken,
        nothing is asked of the database.

        Args:
            limits: Whose buckets, by the id of the tenant.
        """
        async with self._turn:
            uses = {
                (tenant_id, name): use
                for tenant_id, own in limits.items()
                for name, use in own.unwritten().items()
            }
            if uses:
                rows = await self._control.fetch(
                    _WRITE,
                    [str(tenant_id) for tenant_id, _ in uses],
                    [name for _, name in uses],
                    [f"{use.full_in:f} s" for use in uses.values()],
                    [f"{use.seconds:f} s" for use in uses.values()],
                )
                for tenant_id, name, full_in in rows:
                    use = uses[tenant_id, name]
                    limits[tenant_id].written(name, use, full_in)
                await self._control.execute(_FORGET)
        for own in limits.values():
            own.forget_full()
