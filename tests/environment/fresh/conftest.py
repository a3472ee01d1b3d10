"""A database as an app might have it: keys, triggers, identities, partitions."""

from __future__ import annotations

import asyncpg
import pytest_asyncio

from harness.environment.database import Database

SCHEMA = """
create schema "acme's";
create table tenants (
    id serial primary key, slug text not null unique, settings json default '{}'
);
create table "acme's".documents (
    id bigint generated always as identity primary key,
    tenant int not null references tenants on delete cascade,
    body text, size int generated always as (length(body)) stored
);
create table "acme's".notes (document bigint references "acme's".documents, body text);
create table audit (id serial, what text);
create function note() returns trigger language plpgsql as
    $$ begin insert into audit (what) values (tg_op); return null; end $$;
create trigger noting after insert or delete on "acme's".documents
    for each row execute function note();
create table events (at int, what text) partition by range (at);
create table events_low partition of events for values from (0) to (100);
create sequence numbers start 7;
create view slugs as select slug from tenants;
insert into tenants (slug) values ('acme'), ('umbra');
insert into "acme's".documents (tenant, body)
    select 1 + n % 2, 'body ' || n from generate_series(1, 5) n;
insert into "acme's".notes values (1, 'same'), (1, 'same'), (2, null);
insert into events values (1, 'x');
"""


@pytest_asyncio.fixture
async def seeded(database: Database) -> Database:
    await run(database, SCHEMA)
    return database


async def run(database: Database, script: str) -> None:
    connection = await asyncpg.connect(database.dsn)
    try:
        await connection.execute(script)
    finally:
        await connection.close()
