"""The tutorial's app done right: it works, and none of the faults is there."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator

import asyncpg
import psycopg2.extensions
import pytest
import pytest_asyncio
from sqlalchemy import event
from sqlalchemy.pool import Pool

from tests.targets.careful_app.main import app
from tests.targets.careful_app.tenancy import create_tenant
from tests.targets.lock_waits import row_locked, until_waiting
from tests.targets.serving import Site, serve
from tests.targets.sql_watch import statements_watched

PASSWORD = "correct horse"


@pytest_asyncio.fixture
async def site(target_dsn: str) -> AsyncIterator[Site]:
    """The app with two tenants, ``acme`` and ``globex``."""
    create_tenant("acme", "acme.localhost", "ann@acme.test", PASSWORD)
    create_tenant("globex", "globex.localhost", "bob@globex.test", PASSWORD)
    async with serve(app) as site:
        yield site


def labels(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Return each of the app's lines with its tenant."""
    return [
        (record.getMessage(), vars(record)["tenant"])
        for record in caplog.records
        if record.name == "careful_app"
    ]


async def test_a_tenant_writes_finds_changes_and_deletes_notes(site: Site) -> None:
    ann = await site.user("acme.localhost", "ann@acme.test", PASSWORD)

    created = await ann.post("/notes", json={"title": "Plan", "body": "Buy milk"})
    note = created.json()
    changed = await ann.put(f"/notes/{note['id']}", json={"title": "Plan B"})

    assert created.status_code == 201
    assert changed.json() == {**note, "title": "Plan B", "body": ""}
    assert (await ann.get("/notes")).json() == [changed.json()]
    assert (await ann.get("/notes/search", params={"q": "plan b"})).json() != []
    assert (await ann.get("/notes/search", params={"q": "%"})).json() == []
    assert (await ann.get("/notes/count")).json() == {"count": 1}
    assert (await ann.delete(f"/notes/{note['id']}")).status_code == 204
    assert (await ann.get(f"/notes/{note['id']}")).status_code == 404


async def test_a_tenant_manages_users_and_settings(site: Site) -> None:
    ann = await site.user("acme.localhost", "ann@acme.test", PASSWORD)
    eve = {"email": "eve@acme.test", "password": "pass word", "full_name": "Eve"}

    created = await ann.post("/users", json=eve)
    settings = {"display_name": "ACME", "contact_email": "a@b", "welcome_text": "Hi"}

    assert created.status_code == 201
    assert (await ann.post("/users", json=eve)).status_code == 409
    assert (await ann.get("/users/me")).json()["email"] == "ann@acme.test"
    assert (await ann.get("/users/search", params={"q": "eve"})).json() == [
        created.json()
    ]
    user = f"/users/{created.json()['id']}"
    renamed = await ann.put(user, json={"full_name": "Eva"})
    assert renamed.json()["full_name"] == "Eva"
    assert (await ann.get("/users/count")).json() == {"count": 2}
    assert (await ann.delete(user)).status_code == 204
    assert len((await ann.get("/users")).json()) == 1
    assert (await ann.put("/organisation", json=settings)).json() == settings
    assert (await ann.get("/organisation")).json() == settings


async def test_the_command_line_makes_a_tenant_with_its_first_user(site: Site) -> None:
    arguments = ("initech", "initech.localhost", "joe@initech.test", PASSWORD)

    made = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.targets.careful_app.cli", *arguments
    )

    assert await made.wait() == 0
    joe = await site.user("initech.localhost", "joe@initech.test", PASSWORD)
    assert (await joe.get("/users/me")).json()["email"] == "joe@initech.test"


async def test_strangers_are_turned_away(site: Site) -> None:
    nobody = await site.client(Host="acme.localhost")
    elsewhere = await site.client(Host="unknown.localhost")
    form = {"username": "ann@acme.test", "password": "wrong"}
    no_text = {"username": "ann\0", "password": "wrong"}

    assert (await nobody.get("/health")).json() == {"status": "ok"}
    assert (await nobody.get("/notes")).status_code == 401
    assert (await nobody.post("/token", data=form)).status_code == 401
    assert (await nobody.post("/token", data=no_text)).status_code == 401
    assert (await elsewhere.get("/notes")).status_code == 404


async def test_what_postgres_cannot_store_is_refused(site: Site) -> None:
    ann = await site.user("acme.localhost", "ann@acme.test", PASSWORD)

    assert (await ann.get(f"/notes/{2**31}")).status_code == 422
    assert (await ann.post("/notes", json={"title": "\0"})).status_code == 422
    assert (await ann.get("/notes/search", params={"q": "\0"})).status_code == 422


async def test_a_token_is_refused_on_another_tenants_host(site: Site) -> None:
    ann = await site.user("acme.localhost", "ann@acme.test", PASSWORD)

    ann.headers["Host"] = "globex.localhost"

    assert (await ann.get("/users/me")).status_code == 401
    assert (await ann.get("/notes")).status_code == 401


@pytest.mark.parametrize("name", ["acme, inc", 'x", "tenant_1', "o'neil; --"])
async def test_a_tenant_may_be_called_anything(site: Site, name: str) -> None:
    create_tenant(name, "odd.localhost", "joe@odd.test", PASSWORD)
    ann = await site.user("acme.localhost", "ann@acme.test", PASSWORD)
    joe = await site.user("odd.localhost", "joe@odd.test", PASSWORD)

    await ann.post("/notes", json={"title": "Secret of Acme"})

    assert (await joe.get("/notes")).json() == []
    assert (await joe.get("/organisation")).json()["display_name"] == name


async def test_connections_are_few_idle_and_without_a_tenant_in_the_pool(
    site: Site, target_dsn: str
) -> None:
    ann = await site.user("acme.localhost", "ann@acme.test", PASSWORD)
    bob = await site.user("globex.localhost", "bob@globex.test", PASSWORD)
    paths: set[str] = set()

    def look(dbapi: psycopg2.extensions.connection, _record: object) -> None:
        with dbapi.cursor() as cursor:
            cursor.execute("SHOW search_path")
            paths.add(cursor.fetchone()[0])
        dbapi.rollback()

    event.listen(Pool, "checkin", look)
    try:
        for _ in range(12):
            (await ann.get("/notes")).raise_for_status()
            assert (await bob.get("/notes/999")).status_code == 404
    finally:
        event.remove(Pool, "checkin", look)

    connection = await asyncpg.connect(target_dsn)
    states = await connection.fetch(
        "SELECT state FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid()"
    )
    await connection.close()
    # A connection may still be on its way back after the last answer.
    assert len(states) <= 3
    assert paths == {'"$user", public'}


async def test_many_more_requests_than_connections_are_answered(site: Site) -> None:
    ann = await site.user("acme.localhost", "ann@acme.test", PASSWORD)

    async with asyncio.timeout(25), asyncio.TaskGroup() as tasks:
        sent = [tasks.create_task(ann.get("/notes")) for _ in range(90)]

    assert {task.result().status_code for task in sent} == {200}


async def test_one_engine_is_used_and_never_on_the_event_loops_thread(
    site: Site,
) -> None:
    ann = await site.user("acme.localhost", "ann@acme.test", PASSWORD)

    with statements_watched() as seen:
        await ann.get("/notes")

    assert any("FROM public.tenants" in statement.sql for statement in seen)
    assert not any(statement.held_up_loop for statement in seen)
    assert len({statement.engine for statement in seen}) == 1


async def test_each_line_carries_its_tenant_also_when_requests_overlap(
    site: Site, target_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ann = await site.user("acme.localhost", "ann@acme.test", PASSWORD)
    bob = await site.user("globex.localhost", "bob@globex.test", PASSWORD)
    change = {"display_name": "New"}
    caplog.clear()

    async with asyncio.TaskGroup() as tasks, row_locked(target_dsn, "tenant_2"):
        async with row_locked(target_dsn, "tenant_1"):
            first = tasks.create_task(ann.put("/organisation", json=change))
            await until_waiting(target_dsn, 1)
            tasks.create_task(bob.put("/organisation", json=change))
            await until_waiting(target_dsn, 2)
        await first

    assert labels(caplog) == [
        ("settings updated", "acme"),
        ("PUT /organisation -> 200", "acme"),
        ("settings updated", "globex"),
        ("PUT /organisation -> 200", "globex"),
    ]
