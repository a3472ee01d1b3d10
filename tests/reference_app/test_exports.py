"""Exports: made after the answer, fetched by their tenant, never pending for ever."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from reference_app.background.jobs import Jobs
from reference_app.exports import Exporter
from reference_app.parts import Parts
from reference_app.storage.seam import Session
from reference_app.tenants.tenant import Tenant
from tests.reference_app.running import TenantClient, running


async def export(client: TenantClient) -> str:
    """Ask for an export and return its path."""
    asked = await client.send("POST", "/exports")
    assert asked.status_code == 202, asked.text
    assert asked.json()["status"] == "pending"
    location: str = asked.headers["location"]
    return location


async def titles(client: TenantClient, path: str) -> Sequence[str]:
    """Fetch the file of an export and return the titles in it."""
    answer = await client.get(f"{path}/file")
    assert answer.status_code == 200, answer.text
    return [row["title"] for row in csv.DictReader(io.StringIO(answer.text))]


class Stuck(Exporter):
    """Never comes to an end by itself."""

    async def _render(self, session: Session) -> bytes:
        await asyncio.Event().wait()
        raise AssertionError


class Broken(Exporter):
    """Fails."""

    async def _render(self, session: Session) -> bytes:
        raise ValueError("planted")


async def test_an_export_holds_all_documents_of_its_tenant_and_no_others(
    dsn: str, storage: str
) -> None:
    async with running(dsn, storage=storage) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        for number in range(3):
            await a.write(f"a's {number}")
        await b.write("b's")
        of_a, of_b = await asyncio.gather(export(a), export(b))

        assert await titles(a, of_a) == ["a's 0", "a's 1", "a's 2"]
        assert await titles(b, of_b) == ["b's"]
        assert (await a.get(of_a)).json()["status"] == "done"


async def test_more_documents_than_are_read_at_a_time_are_all_there(
    dsn: str, database: asyncpg.Connection
) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")
        await database.execute(
            "INSERT INTO tenant_a.documents (title, body) "
            "SELECT 'title ' || n, '' FROM generate_series(1, 1234) n"
        )

        assert len(set(await titles(a, await export(a)))) == 1234


async def test_the_file_is_to_be_saved_and_says_whose_it_is(dsn: str) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")
        answer = await a.get(await export(a) + "/file")

        assert answer.headers["content-disposition"] == (
            'attachment; filename="documents-a-1.csv"'
        )
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "private, no-store"


async def test_texts_come_back_as_they_were_unless_a_spreadsheet_would_run_them(
    dsn: str,
) -> None:
    kept = ['say "hi", twice', "two\nlines", "crlf\r\n", "é\u2028\U0001f600"]
    run = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"]
    async with running(dsn) as app:
        a = await app.tenant("a")
        for title in kept + run:
            await a.write(title)

        found = await titles(a, await export(a))

        assert found == kept + ["'" + title for title in run]


async def test_an_export_of_another_tenant_is_not_there(dsn: str) -> None:
    async with running(dsn) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        path = await export(a)

        assert (await b.get(path)).status_code == 404
        assert (await b.get(f"{path}/file")).status_code == 404
        assert (await b.get("/exports")).json() == {"items": []}
        assert [one["id"] for one in (await a.get("/exports")).json()["items"]] == [1]


async def test_one_that_fails_says_so_and_the_next_is_made(dsn: str) -> None:
    async with running(dsn, Parts(exporter=Broken)) as app:
        a = await app.tenant("a")
        path = await export(a)
        file = await a.get(f"{path}/file")

        assert file.status_code == 409
        assert file.json()["type"] == "urn:problem:export-failed"
        assert (await a.get(path)).json()["status"] == "failed"


async def test_one_that_would_be_too_large_fails(dsn: str) -> None:
    async with running(dsn, export_size=1000) as app:
        a = await app.tenant("a")
        await a.write("x", "y" * 2000)
        path = await export(a)

        assert (await a.get(f"{path}/file")).status_code == 409
        assert (await a.get(path)).json()["status"] == "failed"


async def test_one_that_takes_too_long_fails(dsn: str) -> None:
    async with running(dsn, Parts(exporter=Stuck), export_timeout=0.2) as app:
        a = await app.tenant("a")
        path = await export(a)

        assert (await a.get(f"{path}/file")).status_code == 409
        assert (await a.get(path)).json()["status"] == "failed"


async def test_one_that_is_under_way_is_409_and_a_stop_gives_it_up(dsn: str) -> None:
    settings = {"close_timeout": 0.2, "acquire_timeout": 0.5}
    async with running(dsn, Parts(exporter=Stuck), **settings) as app:
        a = await app.tenant("a")
        path = await export(a)
        waiting = await a.get(f"{path}/file")
        assert waiting.json()["type"] == "urn:problem:export-pending"
        assert waiting.headers["retry-after"] == "1"

    async with running(dsn) as app:
        a = await app.log_in("a")
        assert (await a.get(path)).json()["status"] == "failed"


async def test_one_whose_process_was_killed_is_given_up_by_who_looks_at_it_late(
    dsn: str, database: asyncpg.Connection
) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")
        await database.execute(
            "INSERT INTO tenant_a.exports (member_id, created_at) "
            "VALUES (1, now() - interval '70 seconds'), (1, now())"
        )

        (recent, old) = (await a.get("/exports")).json()["items"]

        assert (recent["status"], old["status"]) == ("pending", "failed")
        assert (await a.get(f"/exports/{old['id']}/file")).status_code == 409


async def test_a_tenant_that_asks_for_too_many_is_told_so_and_others_are_served(
    dsn: str,
) -> None:
    parts = Parts(exporter=Stuck)
    async with running(dsn, parts, close_timeout=0.2) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        answers = [await a.send("POST", "/exports") for _ in range(12)]

        assert [answer.status_code for answer in answers] == [202] * 10 + [503] * 2
        await export(b)
        states = [one["status"] for one in (await a.get("/exports")).json()["items"]]
        assert states.count("failed") == 2


async def test_one_that_cannot_even_be_given_up_does_not_take_others_with_it(
    dsn: str,
) -> None:
    fates = iter(["cut off"])
    away = asyncio.Event()

    class Cut(Exporter):
        """Loses its database at the first export."""

        async def _render(self, session: Session) -> bytes:
            if next(fates, None):
                away.set()
                raise OSError("planted")
            return await super()._render(session)

    class Away(Jobs):
        """Has no session for the first that asks after that."""

        @asynccontextmanager
        async def session(self, tenant: Tenant) -> AsyncIterator[Session]:
            if away.is_set():
                away.clear()
                raise OSError("planted")
            async with super().session(tenant) as session:
                yield session

    async with running(dsn, Parts(exporter=Cut, jobs=Away)) as app:
        a = await app.tenant("a")
        resources = app.state["resources"]
        current = await resources.directory.by_slug("a")
        async with (
            resources.tenants.lease(current) as runtime,
            runtime.store.session() as session,
        ):
            first = await session.exports.create(1)
            second = await session.exports.create(1)
        assert resources.exporter.start(current, first)
        assert resources.exporter.start(current, second)
        await resources.exporter.made(current, timeout=5)

        states = {
            one["id"]: one["status"]
            for one in (await a.get("/exports")).json()["items"]
        }
        assert states == {first.id: "pending", second.id: "done"}
