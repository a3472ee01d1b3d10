"""The tap on asyncpg tells of each connection, whoever opens it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from harness.observe.asyncpg.connections import Connection, connections_tapped
from harness.observe.owning import NOW_OPENING

HERE = Path(__file__).parent


@pytest.fixture
def seen() -> list[Connection]:
    return []


def balance(seen: list[Connection]) -> dict[int, list[bool]]:
    told: dict[int, list[bool]] = {}
    for one in seen:
        told.setdefault(one.backend, []).append(one.open)
    return told


async def test_a_connection_is_told_of_with_its_backend_and_its_place(
    server_dsn: str, seen: list[Connection]
) -> None:
    with connections_tapped(seen.append, directory=HERE):
        connection = await asyncpg.connect(server_dsn)
        backend = await connection.fetchval("select pg_backend_pid()")
        await connection.close()

    assert balance(seen) == {backend: [True, False]}
    assert seen[0].where.startswith("test_connections.py:")
    assert seen[0].key == ""


async def test_a_pool_opens_for_whom_an_initialiser_was_running(
    server_dsn: str, seen: list[Connection]
) -> None:
    with connections_tapped(seen.append, directory=HERE):
        token = NOW_OPENING.set("acme")
        pool = await asyncpg.create_pool(server_dsn, min_size=3, max_size=3)
        NOW_OPENING.reset(token)
        assert len(seen) == 3
        await pool.close()

    assert {one.key for one in seen if one.open} == {"acme"}
    assert list(balance(seen).values()) == [[True, False]] * 3


async def test_a_connection_that_nobody_closes_stays_open_in_the_account(
    server_dsn: str, seen: list[Connection]
) -> None:
    with connections_tapped(seen.append, directory=HERE):
        left = await asyncpg.connect(server_dsn)
        other = await asyncpg.connect(server_dsn)
        other.terminate()
        open_still = [pid for pid, told in balance(seen).items() if told == [True]]

    assert open_still == [left.get_server_pid()]
    await left.close()


async def test_connections_of_sqlalchemy_are_told_of_too(
    server_dsn: str, seen: list[Connection]
) -> None:
    address = server_dsn.replace("postgresql://", "postgresql+asyncpg://")
    with connections_tapped(seen.append, directory=HERE):
        engine = create_async_engine(address)
        async with engine.connect() as connection:
            await connection.execute(text("select 1"))
        assert len(seen) == 1
        await engine.dispose()

    assert list(balance(seen).values()) == [[True, False]]


async def test_afterwards_asyncpg_is_as_it_was(
    server_dsn: str, seen: list[Connection]
) -> None:
    before = dict(vars(asyncpg.Connection))

    with connections_tapped(seen.append, directory=HERE):
        assert asyncio.iscoroutinefunction(asyncpg.Connection.close)

    assert dict(vars(asyncpg.Connection)) == before
    await (await asyncpg.connect(server_dsn)).close()
    assert seen == []
