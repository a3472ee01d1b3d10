"""Serves variants of the app, made by their own factories, on a fresh database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

import pytest
from fastapi import FastAPI

from tests.mutants.variants import Serve, ServeOnSocket, Variant
from tests.reference_app.conftest import database, dsn
from tests.reference_app.running import OPERATOR, RunningApp
from tests.reference_app.serving import served
from tests.reference_app.test_assistant import provider

__all__ = ["database", "dsn", "provider", "serve", "serve_on_socket"]

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
        app = _made(variant, dsn, monkeypatch)
        async with app.router.lifespan_context(app) as state:
            assert state is not None
            yield RunningApp(app, state)

    return run


@pytest.fixture
def serve_on_socket(dsn: str, monkeypatch: pytest.MonkeyPatch) -> ServeOnSocket:
    """The same behind a server, for what goes on while other requests are made."""
    return lambda variant: served(_made(variant, dsn, monkeypatch))


def _made(variant: Variant, dsn: str, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    own = {"REFERENCE_APP_DSN": dsn, **_ENVIRONMENT, **variant.environment}
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    module, _, factory = variant.app.partition(":")
    app: FastAPI = getattr(import_module(module), factory)()
    return app
