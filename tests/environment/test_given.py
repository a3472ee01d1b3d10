"""A server given by a DSN: checked first, and only our databases touched."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest
import pytest_asyncio

from harness.environment.database import create_database
from harness.environment.dsn import make_dsn, normalised, read_dsn, with_database
from harness.environment.given import given
from harness.environment.owner import Owner
from harness.environment.server import Postgres
from harness.errors import PostgresError


@pytest_asyncio.fixture
async def admin(server: Postgres) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(server.dsn)
    yield connection
    await connection.close()


async def databases(connection: asyncpg.Connection) -> set[str]:
    return {row["datname"] for row in await connection.fetch("table pg_database")}


async def refused(dsn: str) -> PostgresError:
    with pytest.raises(PostgresError) as raised:
        async with given(dsn=dsn, reason="a test", start_timeout=2.0):
            pass
    return raised.value


async def test_a_user_who_may_not_create_databases_is_told_the_missing_right(
    server: Postgres, admin: asyncpg.Connection
) -> None:
    await admin.execute("create role modest login password 's3cret'")
    address = replace(read_dsn(server.dsn), user="modest", password="s3cret")

    error = await refused(make_dsn(address))

    assert "may not create databases" in error.message
    assert 'ALTER ROLE "modest" CREATEDB' in error.hint
    await admin.execute("drop role modest")


async def test_a_user_who_may_create_databases_will_do(
    server: Postgres, admin: asyncpg.Connection
) -> None:
    await admin.execute("create role maker login createdb password 's3cret'")
    address = replace(read_dsn(server.dsn), user="maker", password="s3cret")

    async with (
        given(dsn=make_dsn(address), reason="a test") as pg,
        create_database(pg, "x") as made,
    ):
        assert pg.user == "maker"
        assert made.name in await databases(admin)

    await admin.execute("drop role maker")


async def test_a_wrong_password_is_named_but_not_shown(server: Postgres) -> None:
    address = replace(read_dsn(server.dsn), password="wr0ng!")

    error = await refused(make_dsn(address))

    assert "password authentication failed" in str(error)
    assert "wr0ng" not in str(error)


async def test_a_server_that_is_not_there_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

        error = await refused(f"postgresql://u:p@127.0.0.1:{port}/db")

    assert f"127.0.0.1:{port}" in error.message


@pytest.mark.parametrize("dsn", ["mysql://u@h/db", "host=h dbname=db", "h"])
async def test_what_is_no_dsn_is_refused(dsn: str) -> None:
    assert "not a postgresql:// address" in (await refused(dsn)).message


async def test_databases_of_dead_runs_go_and_all_others_stay(
    server: Postgres, admin: asyncpg.Connection
) -> None:
    me = Owner.current()
    dead = f"harness_app_{replace(me, started='0123abcd').new_name()}"
    living = f"harness_app_{me.new_name()}"
    elsewhere = f"harness_app_{replace(me, host='01234567').new_name()}"
    foreign = "harness_of_someone_else"
    for name in (dead, dead + "_kept", living, elsewhere, foreign):
        await admin.execute(f"create database {name}")

    async with given(dsn=server.dsn, reason="a test"):
        left = await databases(admin)

    assert {living, elsewhere, foreign} <= left
    assert not {dead, dead + "_kept"} & left
    for name in (living, elsewhere, foreign):
        await admin.execute(f"drop database {name}")


async def test_databases_of_two_runs_have_different_names(server: Postgres) -> None:
    async with create_database(server, "a b;C"), create_database(server, "a b;C") as b:
        assert b.name.startswith("harness_a_b_c_")
        assert len(b.name + "_kept") <= 63


async def test_a_database_goes_when_its_block_ends_whoever_is_connected(
    server: Postgres, admin: asyncpg.Connection
) -> None:
    async with create_database(server) as made:
        connection = await asyncpg.connect(made.dsn)

    assert made.name not in await databases(admin)
    connection.terminate()


async def test_a_database_that_cannot_be_made_is_an_error(server: Postgres) -> None:
    gone = replace(server, dsn=server.dsn.replace(f":{server.port}/", ":1/"))

    with pytest.raises(PostgresError, match="cannot create the database harness_"):
        async with create_database(gone):
            pass


def test_a_dsn_keeps_all_but_the_database() -> None:
    dsn = normalised("postgresql+asyncpg://u:p%40@h:5/old?sslmode=require")

    assert with_database(dsn, "n w") == "postgresql://u:p%40@h:5/n%20w?sslmode=require"
    assert read_dsn(dsn).password == "p@"
    assert read_dsn(make_dsn(read_dsn(dsn))) == read_dsn(dsn)
