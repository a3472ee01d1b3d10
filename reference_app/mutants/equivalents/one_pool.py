"""Harmless: one pool reaches every schema, and each block selects its own first."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.storage.one_pool import OnePoolStorage


def create_app() -> FastAPI:
    """Make the app, on one pool."""
    return main.create_app(parts=Parts(storage=OnePoolStorage.connect))
