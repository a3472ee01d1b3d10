"""Seeded bug: whose a domain is, and that he is active, is not looked up afresh."""

from __future__ import annotations

from uuid import UUID

from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.tenants.directory import TenantDirectory


class DirectoryThatForgetsIds(TenantDirectory):
    """Forgets what it knows by id; there is a second map by now, of domains."""

    def forget(self, tenant_id: UUID) -> None:
        self._changes += 1
        self._known.drop(tenant_id)


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(directory=DirectoryThatForgetsIds))
