"""Harmless: all tenants in the same tables, and no statement says whose rows."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.storage.row_level_security import RowLevelSecurityStorage


def create_app() -> FastAPI:
    """Make the app, on row-level security."""
    return main.create_app(parts=Parts(storage=RowLevelSecurityStorage.connect))
