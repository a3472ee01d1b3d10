"""Seeded bug: the pool used longest ago is cut off, also while it is used."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI

from reference_app import main
from reference_app.mutants.equivalents.few_pools import FewPoolsStorage
from reference_app.parts import Parts
from reference_app.tenants.tenant import Tenant


class UsedPoolCutOff(FewPoolsStorage):
    """Never has more pools than it should."""

    def _dispensable(self, tenant: Tenant) -> Sequence[str]:
        return [role for role in self._pools if role != tenant.own_role]


def create_app() -> FastAPI:
    """Make the app, on few pools."""
    return main.create_app(parts=Parts(storage=UsedPoolCutOff.connect))
