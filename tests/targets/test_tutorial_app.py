"""The tutorial's app works for one tenant, and each of its faults is active."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy.exc import ProgrammingError

from tests.targets.lock_waits import row_locked, until_waiting
from tests.targets.serving import Site, serve
from tests.targets.sql_watch import statements_watched
from tests.targets.tutorial_app.main import app
from tests.targets.tutorial_app.tenancy import create_tenant

PASSWORD = "correct horse"


@pytest_asyncio.fixture
async def site(target_dsn: str) -> AsyncIterator[Site]:
    """The app with two tenants, ``acme`` and ``globex``."""
    create_tenant("acme", "acme.localhost", "ann@acme.test", PASSWORD)
    create_tenant("globex", "globex.localhost", "bob@globex.test", PASSWORD)
    async with serve(app) as site:
        yield site
    gc.collect()  # closes what the app left open, before the database goes


def labels(caplog: pytest.LogCaptureFixture, message: str) -> list[str]:
    """Return the tenant on each line that has this message."""
    return [
        vars(record)["tenant"]
        for record in caplog.records
        if record.name == "tutorial_app" and record.getMessage() == message
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
        sys.executable, "-m", "tests.targets.tutorial_app.cli", *arguments
    )

    assert await made.wait() == 0
    joe = await site.user("initech.localhost", "joe@initech.test", PASSWORD)
    assert (await joe.get("/users/me")).json()["email"] == "joe@initech.test"


async def test_strangers_are_turned_away(site: Site) -> None:
    nobody = await site.client(Host="acme.localhost")
    elsewhere = await site.client(Host="unknown.localhost")
    form = {"username": "ann@acme.test", "password": "wrong"}

    assert (await nobody.get("/health")).json() == {"status": "ok"}
    assert (await nobody.get("/notes")).status_code == 401
    assert (await nobody.post("/token", data=form)).status_code == 401
    assert (await elsewhere.get("/notes")).status_code == 404


async def test_what_a_tenant_writes_stays_in_its_schema(site: Site) -> None:
    ann = await site.user("acme.localhost", "ann@acme.test", PASSWORD)
    bob = await site.user("globex.localhost", "bob@globex.test", PASSWORD)

    await ann.post("/notes", json={"title": "Ours"})

    assert (await bob.get("/notes")).json() == []


async def test_fault_1_a_token_is_good_on_another_tenants_host(site: Site) -> None:
    ann = await site.user("acme.localhost", "ann@acme.test", PASSWORD)
    bob = await site.user("globex.localhost", "bob@globex.test", PASSWORD)
    await bob.post("/notes", json={"title": "Secret of Globex"})

    ann.headers["Host"] = "globex.localhost"

    assert (await ann.get("/users/me")).json()["email"] == "bob@globex.test"
    assert (await ann.get("/notes")).json()[0]["title"] == "Secret of Globex"


async def test_fault_2_a_name_with_a_comma_opens_another_tenants_schema(
    site: Site,
) -> None:
    create_tenant("acme, inc", "inc.localhost", "joe@inc.test", PASSWORD)
    ann = await site.user("acme.localhost", "ann@acme.test", PASSWORD)
    joe = await site.user("inc.localhost", "joe@inc.test", PASSWORD)
    await ann.post("/notes", json={"title": "Secret of Acme"})

    assert (await joe.get("/notes")).json()[0]["title"] == "Secret of Acme"


async def test_fault_3_a_name_runs_as_sql_when_the_schema_is_created(
    site: Site, target_dsn: str
) -> None:
    name = 'x"; CREATE TABLE public.planted (); COMMIT; --'

    with pytest.raises(ProgrammingError):
        create_tenant(name, "x.localhost", "x@x.test", PASSWORD)

    connection = await asyncpg.connect(target_dsn)
    planted = await connection.fetchval("SELECT to_regclass('public.planted')")
    await connection.close()
    assert planted == "planted"


async def test_fault_4_each_request_makes_an_engine(site: Site) -> None:
    ann = await site.user("acme.localhost", "ann@acme.test", PASSWORD)

    with statements_watched() as seen:
        for _ in range(3):
            await ann.get("/notes")

    assert len({statement.engine for statement in seen}) == 3


async def test_fault_5_each_request_leaves_a_connection_in_a_transaction(
    site: Site, target_dsn: str
) -> None:
    ann = await site.user("acme.localhost", "ann@acme.test", PASSWORD)
    connection = await asyncpg.connect(target_dsn)
    left_open = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND state = 'idle in transaction'"
        " AND query LIKE '%public.tenants%'"
    )

    gc.disable()
    try:
        before = await connection.fetchval(left_open)
        for _ in range(12):
            (await ann.get("/notes")).raise_for_status()
        after = await connection.fetchval(left_open)
    finally:
        gc.enable()
        await connection.close()

    assert after - before == 12


async def test_fault_6_the_look_up_holds_the_event_loop_up(site: Site) -> None:
    ann = await site.user("acme.localhost", "ann@acme.test", PASSWORD)

    with statements_watched() as seen:
        await ann.get("/notes")

    look_up = [s.held_up_loop for s in seen if "FROM public.tenants" in s.sql]
    handler = [s.held_up_loop for s in seen if "FROM notes" in s.sql]
    assert look_up == [True]
    assert handler == [False]


async def test_fault_7_lines_of_handlers_do_not_know_the_tenant(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ann = await site.user("acme.localhost", "ann@acme.test", PASSWORD)

    await ann.get("/notes")

    assert labels(caplog, "GET /notes") == ["acme"]
    assert labels(caplog, "notes listed") == ["unknown"]
    assert labels(caplog, "user 1 logged in") == ["unknown"]


async def test_fault_8_a_line_carries_the_tenant_of_an_overlapping_request(
    site: Site, target_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ann = await site.user("acme.localhost", "ann@acme.test", PASSWORD)
    bob = await site.user("globex.localhost", "bob@globex.test", PASSWORD)
    change = {"display_name": "New"}

    async with asyncio.TaskGroup() as tasks, row_locked(target_dsn, "globex"):
        async with row_locked(target_dsn, "acme"):
            first = tasks.create_task(ann.put("/organisation", json=change))
            await until_waiting(target_dsn, 1)
            tasks.create_task(bob.put("/organisation", json=change))
            await until_waiting(target_dsn, 2)
        await first

    assert labels(caplog, "PUT /organisation -> 200")[0] == "globex"
