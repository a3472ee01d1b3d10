"""Whatever was written, a restore brings back same rows, sequences and ids."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.environment.database import Database, create_database
from harness.environment.fresh import Strategy, fresh_state
from harness.environment.server import Postgres
from tests.environment.fresh.conftest import SCHEMA, run

STRATEGIES: tuple[Strategy, ...] = ("delete", "template")

WRITES = (
    "insert into tenants (slug) values (gen_random_uuid())",
    "update tenants set settings = '{\"a\": 1}' where id = 1",
    "delete from tenants where id = (select max(id) from tenants where id > 2)",
    """insert into "acme's".documents (tenant, body) values (1, random()::text)""",
    """update "acme's".documents set body = body || '!' where id % 2 = 0""",
    """delete from "acme's".notes where ctid in
       (select ctid from "acme's".notes limit 1)""",
    """insert into "acme's".notes values (null, 'same')""",
    """truncate "acme's".documents cascade""",
    "delete from audit",
    "insert into events values (2, 'y')",
    "truncate events",
    "select nextval('numbers')",
    "select setval('numbers', 7, true)",
    "alter sequence tenants_id_seq restart with 1000",
    "create table if not exists added (id serial, t int references tenants)",
    (
        "create schema if not exists newcomer;"
        "create table if not exists newcomer.things (id int)"
    ),
    "create materialized view if not exists m as select 1 as one",
    "create or replace view extra as select * from tenants",
    "create sequence if not exists further",
)

# Asked of every restored database; the last ones use it up, and so come last.
READS = (
    "select array_agg(t::text order by id) from tenants t",
    """select array_agg(d::text order by id) from "acme's".documents d""",
    """select array_agg(n::text order by n::text) from "acme's".notes n""",
    "select array_agg(a::text order by id) from audit a",
    "select array_agg(e::text order by at) from events e",
    (
        "select array_agg(relname::text order by relname) from pg_class c"
        " join pg_namespace n on n.oid = relnamespace"
        " where nspname !~ '^(pg_|information_schema)'"
    ),
    (
        "select array_agg(nspname::text order by nspname) from pg_namespace"
        " where nspname !~ '^(pg_temp|pg_toast_temp)'"
    ),
    "select nextval('numbers')",
    "insert into tenants (slug) values ('next') returning id",
    """insert into "acme's".documents (tenant, body) values (1, 'n') returning id""",
    "select array_agg(a::text order by id) from audit a",
)


async def view(database: Database) -> list[Any]:
    connection = await asyncpg.connect(database.dsn)
    try:
        return [await connection.fetchval(read) for read in READS]
    finally:
        await connection.close()


@pytest.mark.parametrize("strategy", STRATEGIES)
@given(rounds=st.lists(st.lists(st.sampled_from(WRITES), max_size=6), max_size=3))
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_writes_are_undone(
    server: Postgres, strategy: Strategy, rounds: list[list[str]]
) -> None:
    async def example() -> None:
        async with create_database(server, "property") as database:
            await run(database, SCHEMA)
            async with fresh_state(strategy, database) as state:
                await state.snapshot()
                print_before = await state.fingerprint()
                await state.restore()
                wanted = await view(database)
                for writes in rounds:
                    for write in writes:
                        # A sequence that was set back hands out ids again.
                        with contextlib.suppress(asyncpg.UniqueViolationError):
                            await run(database, write)

                    await state.restore()

                    assert await state.fingerprint() == print_before
                    assert await view(database) == wanted

    asyncio.run(example())


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("write", WRITES)
async def test_each_write_is_undone(
    seeded: Database, strategy: Strategy, write: str
) -> None:
    async with fresh_state(strategy, seeded) as state:
        await state.snapshot()
        before = await state.fingerprint()
        await run(seeded, write)

        await state.restore()

        assert await state.fingerprint() == before


@pytest.mark.parametrize(
    "write",
    [
        *(w for w in WRITES if "delete from audit" not in w and "where id =" not in w),
        "drop table audit",
        "alter table audit add column more int",
        "alter table tenants alter settings type jsonb",
    ],
)
async def test_each_write_changes_the_fingerprint(seeded: Database, write: str) -> None:
    async with fresh_state("delete", seeded) as state:
        before = await state.fingerprint()

        await run(seeded, write)

        assert await state.fingerprint() != before
        assert await state.fingerprint() == await state.fingerprint()


async def test_the_order_of_rows_does_not_change_the_fingerprint(
    seeded: Database,
) -> None:
    async with fresh_state("delete", seeded) as state:
        before = await state.fingerprint()

        # Moves the first row to the end of the table, as it is.
        await run(seeded, "update tenants set slug = slug where id = 1")

        assert await state.fingerprint() == before
