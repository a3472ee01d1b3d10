"""The server's own view of an app's connections."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace

import asyncpg
import pytest

from harness.environment.activity import activity, foreign_databases, read_limits
from harness.environment.database import create_database
from harness.environment.dsn import Address, make_dsn
from harness.environment.server import Postgres


async def test_limits_are_those_of_the_server(postgres_server: Postgres) -> None:
    limits = await read_limits(postgres_server)

    assert limits.most == 500
    assert limits.available == limits.most - limits.reserved
    assert limits.reserved == 3


async def test_connections_to_the_apps_database_count_and_no_others(
    postgres_server: Postgres,
) -> None:
    foreign = await foreign_databases(postgres_server)
    async with (
        create_database(postgres_server, "other") as other,
        create_database(postgres_server, "app") as app,
        activity(postgres_server, app.dsn, foreign) as connections,
    ):
        elsewhere = await asyncpg.connect(other.dsn)
        assert await connections.count() == 0

        one = await asyncpg.connect(
            app.dsn, server_settings={"application_name": "mine"}
        )
        await one.execute("select 'hello'")
        assert await connections.count() == 1
        (session,) = await connections.sessions()
        assert session.backend == one.get_server_pid()
        assert session.application == "mine"
        assert session.state == "idle"
        assert session.query == "select 'hello'"
        await one.close()
        await elsewhere.close()


async def test_databases_that_the_app_makes_for_itself_count(
    postgres_server: Postgres,
) -> None:
    foreign = await foreign_databases(postgres_server)
    async with (
        create_database(postgres_server, "app") as app,
        activity(postgres_server, app.dsn, foreign) as connections,
    ):
        owner = await asyncpg.connect(app.dsn)
        await owner.execute("create database tenant_of_the_app")
        try:
            tenant = await asyncpg.connect(app.dsn, database="tenant_of_the_app")
            assert await connections.count() == 2
            await tenant.close()
        finally:
            await owner.execute("drop database tenant_of_the_app with (force)")
            await owner.close()


@pytest.mark.parametrize(
    ("name", "comment", "counted"),
    [
        ("others_{token}", "", 0),
        ("shopXtenant_{token}", "", 0),
        ("shop_tenant_{token}", "", 1),
        ("{run}_tenant", "", 1),
        ("noted_{token}", "made for {run}", 1),
    ],
)
async def test_on_a_given_server_a_new_database_counts_if_something_shows_whose_it_is(
    postgres_server: Postgres, name: str, comment: str, counted: int
) -> None:
    given = replace(postgres_server, source="dsn")
    foreign = await foreign_databases(given)
    async with (
        create_database(postgres_server, "app") as app,
        activity(given, app.dsn, foreign, patterns=("shop_*",)) as connections,
    ):
        names = {"run": app.name, "token": secrets.token_hex(4)}
        database = name.format(**names)
        owner = await asyncpg.connect(app.dsn)
        await owner.execute(f'create database "{database}"')
        text = comment.format(**names)
        await owner.execute(f"comment on database \"{database}\" is '{text}'")
        try:
            tenant = await asyncpg.connect(app.dsn, database=database)
            assert await connections.count() == 1 + counted
            assert len(await connections.sessions()) == 1 + counted
            await tenant.close()
        finally:
            await owner.execute(f'drop database "{database}" with (force)')
            await owner.close()


async def test_what_another_role_has_open_counts_for_one_who_may_not_look_into_it(
    postgres_server: Postgres,
) -> None:
    names = [f"{kind}_{secrets.token_hex(4)}" for kind in ("looks", "app")]
    password = secrets.token_hex(8)
    admin = await asyncpg.connect(postgres_server.dsn)
    for name in names:
        await admin.execute(f"create role {name} login password '{password}'")

    def as_role(name: str, database: str) -> str:
        host, port = postgres_server.host, postgres_server.port
        return make_dsn(Address(host, port, name, password, database))

    looks, app = names
    ordinary = replace(postgres_server, dsn=as_role(looks, "postgres"))
    foreign = await foreign_databases(postgres_server)
    try:
        async with (
            create_database(postgres_server, "app") as database,
            activity(ordinary, database.dsn, foreign) as connections,
        ):
            one = await asyncpg.connect(as_role(app, database.name))
            assert await connections.count() == 1
            (left,) = await connections.quiet(within=0.1)
            assert (left.backend, left.user) == (one.get_server_pid(), app)

            await one.close()
            assert await connections.quiet(within=30.0) == ()
    finally:
        for name in names:
            await admin.execute(f"drop role {name}")
        await admin.close()


async def test_it_is_quiet_as_soon_as_all_are_closed(
    postgres_server: Postgres,
) -> None:
    async with (
        create_database(postgres_server, "app") as app,
        activity(postgres_server, app.dsn, ()) as connections,
    ):
        one = await asyncpg.connect(app.dsn)
        waiting = asyncio.create_task(connections.quiet(within=30.0))
        await connections.count()
        await one.close()

        assert await waiting == ()


async def test_nobody_waits_for_what_nobody_will_close_but_for_all_else(
    postgres_server: Postgres,
) -> None:
    async with (
        create_database(postgres_server, "app") as app,
        activity(postgres_server, app.dsn, ()) as connections,
        asyncio.timeout(30),
    ):
        kept, other = [await asyncpg.connect(app.dsn) for _ in range(2)]
        held = {kept.get_server_pid()}
        waiting = asyncio.create_task(connections.quiet(within=600.0, held=held))
        await connections.count()
        assert not waiting.done()

        await other.close()

        (left,) = await waiting
        assert left.backend == kept.get_server_pid()
        await kept.close()


async def test_what_is_still_there_in_the_end_is_told(
    postgres_server: Postgres,
) -> None:
    async with (
        create_database(postgres_server, "app") as app,
        activity(postgres_server, app.dsn, ()) as connections,
    ):
        one = await asyncpg.connect(app.dsn)

        (left,) = await connections.quiet(within=0.1)

        assert left.backend == one.get_server_pid()
        await one.close()
