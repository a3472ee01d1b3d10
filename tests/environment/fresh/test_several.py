"""Databases that an app makes beside the run's own are set back, and removed."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest
import pytest_asyncio

from harness.environment.database import Database, create_database
from harness.environment.fresh import Strategy, fresh_state
from harness.environment.given import given
from harness.environment.owner import Owner
from harness.environment.server import Postgres
from harness.errors import Inconclusive
from tests.environment.fresh.conftest import run

TENANT = """
create table documents (id serial primary key, body text);
insert into documents (body) values ('a'), ('b');
"""


async def make(database: Database, name: str, *, comment: str = "") -> Database:
    """Make a tenant's database, as an app does that has one for each."""
    made = replace(database, name=name, dsn=database.server.dsn_of(name))
    await run(database, f'create database "{name}"')
    if comment:
        await run(database, f"comment on database \"{name}\" is '{comment}'")
    await run(made, TENANT)
    return made


async def names(server: Postgres) -> set[str]:
    connection = await asyncpg.connect(server.dsn)
    try:
        return {row["datname"] for row in await connection.fetch("table pg_database")}
    finally:
        await connection.close()


async def documents(database: Database) -> list[tuple[int, str]]:
    connection = await asyncpg.connect(database.dsn)
    try:
        rows = await connection.fetch("select * from documents order by id")
        return [tuple(row) for row in rows]
    finally:
        await connection.close()


@pytest_asyncio.fixture
async def tenant(seeded: Database) -> Database:
    return await make(seeded, "tenant_acme")


@pytest.mark.parametrize("strategy", ["delete", "template"])
async def test_rows_and_sequences_of_each_come_back(
    seeded: Database, tenant: Database, strategy: Strategy
) -> None:
    other = await make(seeded, "tenant umbra's")
    async with fresh_state(strategy, seeded) as state:
        await state.snapshot()
        before = await state.fingerprint()
        for one in (tenant, other):
            await run(one, "insert into documents (body) values ('c')")
            await run(one, "update documents set body = 'x' where id = 1")
        await run(seeded, "delete from audit")
        assert await state.fingerprint() != before

        await state.restore()

        assert await state.fingerprint() == before
        await run(other, "insert into documents (body) values ('next')")
        assert await documents(tenant) == [(1, "a"), (2, "b")]
        assert await documents(other) == [(1, "a"), (2, "b"), (3, "next")]


async def test_delete_leaves_connections_open_and_holds_none(
    seeded: Database, tenant: Database
) -> None:
    connection = await asyncpg.connect(tenant.dsn)
    async with fresh_state("delete", seeded) as state:
        await state.snapshot()
        await connection.execute("delete from documents")

        await state.restore()

        assert await connection.fetchval("select count(*) from documents") == 2
        await connection.close()
        # Without force this works only if nobody else is connected.
        await run(seeded, "drop database tenant_acme")


@pytest.mark.parametrize("strategy", ["delete", "template"])
async def test_what_was_created_since_is_dropped(
    seeded: Database, tenant: Database, strategy: Strategy
) -> None:
    async with fresh_state(strategy, seeded) as state:
        await state.snapshot()
        before = await state.fingerprint()
        connection = await asyncpg.connect((await make(seeded, "tenant_late")).dsn)
        await run(seeded, "create database tenants_mould is_template true")
        assert await state.fingerprint() != before

        await state.restore()

        assert not {"tenant_late", "tenants_mould"} & await names(seeded.server)
        assert tenant.name in await names(seeded.server)
        assert await state.fingerprint() == before
        connection.terminate()


async def test_delete_says_which_database_it_cannot_bring_back(
    seeded: Database, tenant: Database
) -> None:
    async with fresh_state("delete", seeded) as state:
        await state.snapshot()
        await run(seeded, f"drop database {tenant.name}")

        with pytest.raises(Inconclusive, match=r"tenant_acme.* is gone") as it:
            await state.restore()

        assert "template" in it.value.hint


async def test_template_brings_back_what_was_dropped(
    seeded: Database, tenant: Database
) -> None:
    async with fresh_state("template", seeded) as state:
        await state.snapshot()
        await run(seeded, f"drop database {tenant.name}")

        await state.restore()

        assert await documents(tenant) == [(1, "a"), (2, "b")]
        copies = {one for one in await names(seeded.server) if "_kept" in one}
        assert len(copies) == 2
    assert not copies & await names(seeded.server)


async def test_what_was_altered_is_named_with_its_database(
    seeded: Database, tenant: Database
) -> None:
    async with fresh_state("delete", seeded) as state:
        await state.snapshot()
        await run(tenant, "drop table documents")

        with pytest.raises(Inconclusive) as raised:
            await state.restore()

    assert "in tenant_acme, which the app made" in raised.value.message
    assert "table public.documents is gone" in raised.value.message


@pytest.mark.parametrize(
    ("forgotten", "named"),
    [
        (
            "insert into documents (body) values ('c')",
            "in tenant_acme.*documents has 3",
        ),
        ("create database tenant_late", "database tenant_late.* is still there"),
    ],
)
async def test_a_hook_is_to_see_to_all_databases(
    seeded: Database, tenant: Database, forgotten: str, named: str
) -> None:
    async def hook(dsn: str) -> None:
        await run(seeded, "select 1")

    async with fresh_state("hook", seeded, hook=hook) as state:
        await state.snapshot()
        await state.restore()
        await run(tenant, forgotten)

        with pytest.raises(Inconclusive, match=named):
            await state.restore()


async def test_a_database_that_nobody_can_connect_to_is_left_alone(
    seeded: Database,
) -> None:
    await run(seeded, "create database tenants_mould is_template true")
    await run(seeded, "alter database tenants_mould allow_connections false")
    async with fresh_state("delete", seeded) as state:
        await state.snapshot()
        await state.restore()

        assert "tenants_mould" in await names(seeded.server)


async def test_all_go_with_the_run_and_those_of_another_run_stay(
    server: Postgres,
) -> None:
    async with create_database(server, "other") as other:
        await make(other, "tenant_of_other")
        async with create_database(server, "app") as app:
            await make(app, "tenant_acme")
            await make(app, f"{app.name}_tenant")
            await run(app, "create database tenants_mould is_template true")
            async with create_database(server, "later") as later:
                pass

        left = await names(server)
        assert not {"tenant_acme", f"{app.name}_tenant", "tenants_mould"} & left
        assert later.name not in left
        assert {other.name, "tenant_of_other"} <= left
    assert not {other.name, "tenant_of_other"} & await names(server)


@contextlib.asynccontextmanager
async def shared(server: Postgres) -> AsyncIterator[Postgres]:
    """Have the server as somebody has it who was given a DSN."""
    async with given(dsn=server.dsn, reason="a test") as pg:
        yield pg


async def test_on_a_shared_server_only_what_names_the_run_is_touched(
    server: Postgres,
) -> None:
    async with (
        shared(server) as pg,
        create_database(pg, "app") as app,
        fresh_state("delete", app) as state,
    ):
        own = [
            await make(app, f"{app.name}_t1"),
            await make(app, "tenant_t2", comment=f"of {app.name}"),
        ]
        elsewhere = await make(app, "tenant_t1")
        await state.snapshot()
        assert state.doubtful == ("tenant_t1",)
        for one in (*own, elsewhere):
            await run(one, "delete from documents")
        late = await make(app, "tenant_late")

        await state.restore()

        assert [len(await documents(one)) for one in own] == [2, 2]
        assert await documents(elsewhere) == []
        assert late.name in await names(server)

    left = await names(server)
    assert not {app.name, *(one.name for one in own)} & left
    assert {elsewhere.name, late.name} <= left
    async with create_database(server) as admin:
        await run(admin, f"drop database {elsewhere.name}")
        await run(admin, f"drop database {late.name}")


async def test_on_a_shared_server_the_target_can_say_how_they_are_called(
    server: Postgres,
) -> None:
    async with create_database(server) as admin:
        before = await make(admin, "shop_before")
        async with (
            shared(server) as pg,
            create_database(pg, "app", patterns=["shop_*"]) as app,
        ):
            await make(app, "shop_1")
            foreign = await make(app, "workshop_1")

        left = await names(server)
        assert "shop_1" not in left
        assert {before.name, foreign.name} <= left


async def test_what_a_dead_run_made_is_swept_by_name_or_comment(
    server: Postgres,
) -> None:
    me = Owner.current()
    dead = f"harness_app_{replace(me, started='0123abcd').new_name()}"
    living = f"harness_app_{me.new_name()}"
    async with create_database(server) as admin:
        await make(admin, f"t1_{dead}"[:63])
        await make(admin, "tenant_dead", comment=f"of {dead}")
        await make(admin, "tenant_living", comment=f"of {living}")
        await make(admin, "tenant_both", comment=f"from {dead} to {living}")
        await make(admin, "tenant_foreign", comment=f"of {dead}")
        await run(admin, "create role somebody")
        await run(admin, "alter database tenant_foreign owner to somebody")

        async with shared(server):
            left = await names(server)

        assert not {f"t1_{dead}", "tenant_dead"} & left
        assert {"tenant_living", "tenant_both", "tenant_foreign"} <= left
    async with create_database(server) as admin:
        await run(admin, "drop role somebody")
