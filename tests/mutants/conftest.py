"""Serves variants of the app, made by their own factories, on a fresh database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

import pytest

from tests.mutants.variants import Serve, Variant
from tests.reference_app.conftest import database, dsn
from tests.reference_app.running import OPERATOR, RunningApp

__all__ = ["database", "dsn", "serve"]

_ENVIRONMENT = {
    "REFERENCE_APP_ADMIN_TOKEN": OPERATOR,
    "REFERENCE_APP_ARGON2_TIME_COST": "1",
    "REFERENCE_APP_ARGON2_MEMORY_KIB": "8",
    "REFERENCE_APP_ARGON2_PARALLELISM": "1",
    # One connection: what one tenant leaves on it meets the next.
    "REFERENCE_APP_SHARED_POOL_MAX": "1",
}


@pytest.fixture
def serve(dsn: str, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """A function that runs a variant for a block, as its environment says."""

    @asynccontextmanager
    async def run(variant: Variant) -> AsyncIterator[RunningApp]:
        own = {"REFERENCE_APP_DSN": dsn, **_ENVIRONMENT, **variant.environment}
        for name, value in own.items():
            monkeypatch.setenv(name, value)
        module, _, factory = variant.app.partition(":")
        app = getattr(import_module(module), factory)()
        async with app.router.lifespan_context(app) as state:
            assert state is not None
            yield RunningApp(app, state)

    return run
