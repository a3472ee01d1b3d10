"""Seeded bug: members of the same number share a bucket, whatever their tenants."""

from __future__ import annotations

from collections import OrderedDict

from fastapi import FastAPI

from reference_app import main
from reference_app.limits.bucket import Bucket
from reference_app.limits.rate_limits import RateLimits, Rates
from reference_app.parts import Parts
from reference_app.tenants.tenant import Tenant

Buckets = OrderedDict[int | None, Bucket]


class LimitsOverBuckets(RateLimits):
    """Has a bucket of its own for the tenant; those of members are given."""

    def __init__(self, rates: Rates, members: Buckets) -> None:
        super().__init__(rates)
        self._members = members


class OneTable:
    """Keeps the buckets of all members in one table, bounded for all."""

    def __init__(self) -> None:
        self._members: Buckets = OrderedDict()

    def __call__(self, tenant: Tenant, rates: Rates) -> RateLimits:
        return LimitsOverBuckets(rates, self._members)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(rate_limits=OneTable()))
