"""A database for each test, on a real server."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator
from typing import get_args
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from reference_app.settings import StorageName


@pytest.fixture
async def dsn(server_dsn: str) -> AsyncIterator[str]:
    """An empty database, dropped afterwards with the roles that were made for it."""
    name = f"reference_{secrets.token_hex(6)}"
    admin = await asyncpg.connect(server_dsn)
    try:
        # Half the work of writing it to the log, which nothing needs.
        await admin.execute(f"CREATE DATABASE {name} STRATEGY file_copy")
        yield urlunsplit(urlsplit(server_dsn)._replace(path=f"/{name}"))
    finally:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        suffix = hashlib.sha256(name.encode()).hexdigest()[:8]
        await drop_databases(admin, f"tenant%\\_{suffix}%")
        roles = await admin.fetch(
            "SELECT quote_ident(rolname) AS role FROM pg_roles WHERE rolname LIKE $1",
            f"%\\_{suffix}",
        )
        for row in roles:
            await admin.execute(f"DROP ROLE {row['role']}")
        await admin.close()


async def drop_databases(admin: asyncpg.Connection, pattern: str) -> None:
    """Drop databases, templates too."""
    rows = await admin.fetch(
        "SELECT quote_ident(datname) AS name FROM pg_database WHERE datname LIKE $1",
        pattern,
    )
    for row in rows:
        await admin.execute(f"ALTER DATABASE {row['name']} IS_TEMPLATE false")
        await admin.execute(f"DROP DATABASE {row['name']} WITH (FORCE)")


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection to that database, to look at it from outside."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture(params=get_args(StorageName))
def storage(request: pytest.FixtureRequest) -> str:
    """Each of the storages in turn."""
    name: str = request.param
    return name
