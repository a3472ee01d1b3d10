"""Seeded bug: the model's tools look into the store that was opened last."""

from __future__ import annotations

from fastapi import FastAPI

from reference_app import main
from reference_app.ai.tools import Tools
from reference_app.parts import Parts
from reference_app.storage.seam import TenantStore


class Toolbox:
    """Has the tools once, and points them at a store when that is opened."""

    def __init__(self) -> None:
        self._tools: PointedTools | None = None

    def __call__(self, store: TenantStore) -> Tools:
        if self._tools is None:
            self._tools = PointedTools(store)
        self._tools.point_at(store)
        return self._tools


class PointedTools(Tools):
    """Tools whose store can be another."""

    def point_at(self, store: TenantStore) -> None:
        """Look into this store from now on."""
        self._store = store


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(tools=Toolbox()))
