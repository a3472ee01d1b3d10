"""Servers that the tests of this folder share, and ways to see processes end."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from harness.environment.database import Database, create_database
from harness.environment.embedded import embedded
from harness.environment.engine import find_engine
from harness.environment.postgres import DEFAULT_IMAGE
from harness.environment.server import Postgres


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(memory: Path | None) -> AsyncIterator[Postgres]:
    async with embedded(reason="for tests", max_connections=60, home=memory) as pg:
        yield pg


@pytest_asyncio.fixture
async def database(server: Postgres) -> AsyncIterator[Database]:
    async with create_database(server, "test") as made:
        yield made


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Have a place of one's own, which nothing else sweeps or fills.

    pytest's directories are private to its user, whom a server need not be.
    """
    base = tmp_path_factory.mktemp("home")
    # With several workers pytest makes one more level for each.
    for directory in (base, *base.parents[:3]):
        if directory.stat().st_uid == os.geteuid():
            directory.chmod(0o711)
    return base


@pytest_asyncio.fixture
async def image() -> str:
    """Have an image for containers; without an engine this fails under CI."""
    engine = await find_engine()
    if not engine.version:
        if os.environ.get("CI"):
            pytest.fail(f"CI needs a Docker engine: {engine.problem}")
        pytest.skip(engine.problem)
    return os.environ.get("HARNESS_POSTGRES_IMAGE", DEFAULT_IMAGE)
