"""Harmless: one table has the buckets of all members, by tenant and number."""

from __future__ import annotations

from uuid import UUID

from fastapi import FastAPI

from reference_app import main
from reference_app.limits.bucket import Bucket
from reference_app.limits.rate_limits import RateLimits, Rates
from reference_app.parts import Parts
from reference_app.tenants.tenant import Tenant

Buckets = dict[tuple[UUID, int | None], Bucket]


class LimitsInTable(RateLimits):
    """Has a bucket of its own for the tenant; those of members are in the table."""

    def __init__(self, rates: Rates, tenant: Tenant, table: Buckets) -> None:
        super().__init__(rates)
        self._tenant_id = tenant.id
        self._table = table

    def is_untouched(self) -> bool:
        own = (
            bucket
            for (tenant_id, _), bucket in self._table.items()
            if tenant_id == self._tenant_id
        )
        return self._tenant.is_full() and all(bucket.is_full() for bucket in own)

    def _member(self, member_id: int | None) -> Bucket:
        key = (self._tenant_id, member_id)
        if key not in self._table:
            self._table[key] = Bucket(self._rates.member, self._clock)
        return self._table[key]


class OneTable:
    """Keeps the buckets of all members in one table."""

    def __init__(self) -> None:
        self._buckets: Buckets = {}

    def __call__(self, tenant: Tenant, rates: Rates) -> RateLimits:
        return LimitsInTable(rates, tenant, self._buckets)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(rate_limits=OneTable()))
