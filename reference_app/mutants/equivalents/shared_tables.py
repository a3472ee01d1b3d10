"""Harmless: all tenants in the same tables, and every statement says whose rows."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.storage.shared_tables import SharedTablesStorage


def create_app() -> FastAPI:
    """Make the app, on shared tables."""
    return main.create_app(parts=Parts(storage=SharedTablesStorage.connect))
