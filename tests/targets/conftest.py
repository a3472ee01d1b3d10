"""The database that a target under test works on."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import psycopg2
import pytest


@pytest.fixture
def target_dsn(server_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty database of the test's own, also named by ``DATABASE_URL``."""
    name = f"target_{secrets.token_hex(6)}"
    dsn = f"{server_dsn.rpartition('/')[0]}/{name}"
    admin = psycopg2.connect(server_dsn)
    admin.autocommit = True
    try:
        with admin.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
            monkeypatch.setenv("DATABASE_URL", dsn)
            try:
                yield dsn
            finally:
                cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        admin.close()
