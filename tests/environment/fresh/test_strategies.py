"""What tells the strategies apart, and what makes each of them give up."""

from __future__ import annotations

import re
from dataclasses import replace

import asyncpg
import pytest

from harness.environment.database import Database
from harness.environment.dsn import make_dsn, read_dsn
from harness.environment.fresh import fresh_state
from harness.environment.fresh.delete import delete_state
from harness.errors import Inconclusive, SettingsError
from tests.environment.fresh.conftest import run


async def test_delete_leaves_connections_open(seeded: Database) -> None:
    connection = await asyncpg.connect(seeded.dsn)
    async with fresh_state("delete", seeded) as state:
        await state.snapshot()
        await connection.execute("insert into tenants (slug) values ('x')")

        await state.restore()

        assert await connection.fetchval("select count(*) from tenants") == 2
        assert (
            await connection.fetchval(
                "insert into tenants (slug) values ('y') returning id"
            )
            == 3
        )
    await connection.close()


async def test_delete_adds_nothing_that_an_app_could_list(seeded: Database) -> None:
    everything = "select count(*) from pg_class where relnamespace::regnamespace"
    listed = f"{everything}::text !~ '^pg_'"
    connection = await asyncpg.connect(seeded.dsn)
    before = await connection.fetchval(listed)
    async with fresh_state("delete", seeded) as state:
        await state.snapshot()

        assert await connection.fetchval(listed) == before
    await connection.close()


@pytest.mark.parametrize(
    ("write", "named"),
    [
        ("drop table audit", "table public.audit is gone"),
        ('drop schema "acme\'s" cascade', "schema acme's is gone"),
        ("alter table audit add column more int", "table public.audit has"),
        ("drop sequence numbers", "sequence public.numbers is gone"),
    ],
)
async def test_delete_names_what_it_cannot_bring_back(
    seeded: Database, write: str, named: str
) -> None:
    async with fresh_state("delete", seeded) as state:
        await state.snapshot()
        await run(seeded, write)

        with pytest.raises(Inconclusive, match=re.escape(named)):
            await state.restore()


async def test_delete_gives_up_on_rows_that_an_open_transaction_holds(
    seeded: Database,
) -> None:
    holder = await asyncpg.connect(seeded.dsn)
    async with delete_state(seeded) as state:
        await state.snapshot()
        await run(seeded, "insert into audit (what) values ('x')")
        await holder.execute("begin; update audit set what = 'held'")
        async with state._sessions() as connection:
            await connection.execute("set lock_timeout = '100ms'")

        with pytest.raises(Inconclusive, match="holds a lock"):
            await state.restore()

        await holder.execute("rollback")
        await state.restore()
    await holder.close()


async def test_delete_says_that_it_needs_a_superuser(seeded: Database) -> None:
    await run(seeded, "create role plain login password 'p'")
    address = replace(read_dsn(seeded.dsn), user="plain", password="p")

    async with fresh_state("delete", replace(seeded, dsn=make_dsn(address))) as state:
        with pytest.raises(Inconclusive, match="needs a superuser"):
            await state.snapshot()

    await run(seeded, "drop role plain")


async def test_template_keeps_owner_rights_and_options_of_the_database(
    seeded: Database,
) -> None:
    await run(seeded, "create role owning; create role tenant_a login password 'p'")
    name = f'"{seeded.name}"'
    await run(
        seeded,
        f"""
        alter database {name} owner to owning;
        revoke connect on database {name} from public;
        grant connect on database {name} to tenant_a with grant option;
        alter database {name} set search_path to "a, b", public;
        alter database {name} set my.option to 'it''s \\ so';
        alter role tenant_a in database {name} set statement_timeout to '7s';
        """,
    )
    before = await outside(seeded)
    async with fresh_state("template", seeded) as state:
        await state.snapshot()

        await state.restore()

        assert await outside(seeded) == before
    await run(seeded, f"alter database {name} owner to postgres")
    await run(seeded, "drop owned by tenant_a; drop role tenant_a, owning")


async def outside(database: Database) -> list[object]:
    connection = await asyncpg.connect(database.server.dsn)
    try:
        return [
            await connection.fetchval(query, database.name)
            for query in (
                "select pg_get_userbyid(datdba) from pg_database where datname = $1",
                (
                    "select array_agg(a::text order by a::text) from pg_database,"
                    " aclexplode(datacl) a where datname = $1"
                ),
                (
                    "select array_agg(setrole || setconfig::text order by setrole)"
                    " from pg_db_role_setting join pg_database d on d.oid = setdatabase"
                    " where datname = $1"
                ),
            )
        ]
    finally:
        await connection.close()


async def test_template_takes_its_copy_along(seeded: Database) -> None:
    listed = "select count(*) from pg_database where datname = $1"
    connection = await asyncpg.connect(seeded.server.dsn)
    async with fresh_state("template", seeded) as state:
        await state.snapshot()
        held = await connection.fetchval(listed, seeded.name + "_kept")

    assert held == 1
    assert await connection.fetchval(listed, seeded.name + "_kept") == 0
    await connection.close()


async def test_template_sends_off_who_is_connected(seeded: Database) -> None:
    connection = await asyncpg.connect(seeded.dsn)
    async with fresh_state("template", seeded) as state:
        await state.snapshot()
        await state.restore()

    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await connection.execute("select 1")
    connection.terminate()


async def test_a_hook_that_restores_will_do(seeded: Database) -> None:
    async def hook(dsn: str) -> None:
        assert dsn == seeded.dsn
        await run(seeded, "delete from audit where what = 'new'")
        await run(seeded, "select setval('audit_id_seq', 5)")

    async with fresh_state("hook", seeded, hook=hook) as state:
        await state.snapshot()
        await run(seeded, "insert into audit (what) values ('new')")

        await state.restore()


async def test_a_hook_that_forgets_something_is_inconclusive_and_says_what(
    seeded: Database,
) -> None:
    async def hook(dsn: str) -> None:
        await run(seeded, "delete from audit where what = 'new'")

    async with fresh_state("hook", seeded, hook=hook) as state:
        await state.snapshot()
        await run(seeded, "insert into audit (what) values ('new')")
        await run(seeded, "delete from events")

        with pytest.raises(Inconclusive) as raised:
            await state.restore()

    assert "table public.events_low has 0 rows, had 1 rows" in raised.value.message
    assert "sequence public.audit_id_seq has last value 6" in raised.value.message
    assert "table public.audit " not in raised.value.message


async def test_a_hook_that_fails_is_inconclusive(seeded: Database) -> None:
    async def hook(dsn: str) -> None:
        raise ZeroDivisionError("oh")

    async with fresh_state("hook", seeded, hook=hook) as state:
        await state.snapshot()

        with pytest.raises(Inconclusive, match="ZeroDivisionError: oh"):
            await state.restore()


async def test_no_hook_is_a_mistake_in_the_settings(seeded: Database) -> None:
    with pytest.raises(SettingsError, match="hook"):
        async with fresh_state("hook", seeded):
            pass


async def test_a_restore_before_any_snapshot_is_refused(seeded: Database) -> None:
    async with fresh_state("delete", seeded) as state:
        with pytest.raises(Inconclusive, match="no snapshot"):
            await state.restore()
