"""Seeded bug: members of the same number share a bucket, whatever their tenants."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.limits.rate_limits import Members, RateLimits, Rates
from reference_app.parts import Parts
from reference_app.tenants.tenant import Tenant


class OneTable:
    """Keeps the buckets of all members in one table; each tenant has its own."""

    def __init__(self) -> None:
        self._members: Members = {}

    def __call__(self, tenant: Tenant, rates: Rates) -> RateLimits:
        return RateLimits(rates, members=self._members)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(rate_limits=OneTable()))
