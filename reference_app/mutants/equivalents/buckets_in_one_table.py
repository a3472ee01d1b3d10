"""Harmless: one table has the buckets of all members, by tenant and number."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from uuid import UUID

from fastapi import FastAPI

from reference_app import main
from reference_app.limits.bucket import Bucket
from reference_app.limits.rate_limits import RateLimits, Rates
from reference_app.parts import Parts
from reference_app.tenants.tenant import Tenant

Table = dict[tuple[UUID, int | None], Bucket]


class RowsOfTenant(MutableMapping[int | None, Bucket]):
    """The part of the table that is one tenant's."""

    def __init__(self, table: Table, tenant_id: UUID) -> None:
        self._table = table
        self._tenant_id = tenant_id

    def __getitem__(self, member_id: int | None) -> Bucket:
        return self._table[self._tenant_id, member_id]

    def __setitem__(self, member_id: int | None, bucket: Bucket) -> None:
        self._table[self._tenant_id, member_id] = bucket

    def __delitem__(self, member_id: int | None) -> None:
        del self._table[self._tenant_id, member_id]

    def __iter__(self) -> Iterator[int | None]:
        return (member for owner, member in self._table if owner == self._tenant_id)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class OneTable:
    """Keeps the buckets of all members in one table."""

    def __init__(self) -> None:
        self._table: Table = {}

    def __call__(self, tenant: Tenant, rates: Rates) -> RateLimits:
        rows = RowsOfTenant(self._table, tenant.id)
        rows.clear()  # those of its last opening are loaded with the new one
        return RateLimits(rates, members=rows)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(rate_limits=OneTable()))
