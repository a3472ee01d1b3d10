"""The one Postgres server that all tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from harness.environment.postgres import Postgres, postgres


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_server() -> AsyncIterator[Postgres]:
    async with postgres(source="embedded", max_connections=500) as pg:
        yield pg


@pytest.fixture(scope="session")
def server_dsn(postgres_server: Postgres) -> str:
    """DSN of a superuser on the shared server."""
    return postgres_server.dsn
