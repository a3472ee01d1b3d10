"""Harmless: one pool for all, and each transaction says whose it is."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.parts import Parts
from reference_app.storage.shared_pool import SharedPoolStorage


def create_app() -> FastAPI:
    """Make the app, on a shared pool."""
    return main.create_app(parts=Parts(storage=SharedPoolStorage.connect))
