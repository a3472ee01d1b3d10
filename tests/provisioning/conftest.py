"""A database for each test, on the server that all tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from harness.environment.database import Database, create_database
from harness.environment.postgres import Postgres


@pytest_asyncio.fixture
async def database(postgres_server: Postgres) -> AsyncIterator[Database]:
    async with create_database(postgres_server, "provisioning") as made:
        yield made
