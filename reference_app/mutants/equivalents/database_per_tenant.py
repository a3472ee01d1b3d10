"""Harmless: each tenant has a database of its own, with the same ids in each."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.storage.database_per_tenant import DatabasePerTenantStorage


def create_app() -> FastAPI:
    """Make the app, on a database per tenant."""
    return main.create_app(parts=Parts(storage=DatabasePerTenantStorage.connect))
