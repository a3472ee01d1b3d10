"""Taps, a table with rows to fight for, and who tells of locks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.observe.gates.all import gated
from harness.scheduling.locks import Locks, locks_seen
from tests.scheduling.ground import read


@pytest.fixture(autouse=True)
def _gates() -> Iterator[None]:
    with gated():
        yield


@pytest.fixture(scope="session")
def locks(server_dsn: str) -> Iterator[Locks]:
    with locks_seen(server_dsn) as seen:
        yield seen


@pytest.fixture
def dsn(server_dsn: str) -> str:
    """A database with the table ``counters``, whose rows ``x`` and ``y`` are 0."""
    read(
        server_dsn,
        "drop table if exists counters;"
        "create table counters (name text primary key, value int not null);"
        "insert into counters values ('x', 0), ('y', 0)",
    )
    return server_dsn
