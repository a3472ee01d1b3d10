"""Offboarding at runtime: all that is the tenant's goes, and nobody else's."""

from __future__ import annotations

import asyncio

import asyncpg
import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from reference_app.exports import Exporter
from reference_app.parts import Parts
from reference_app.storage.seam import Session
from tests.reference_app.running import OPERATOR, RunningApp, running
from tests.reference_app.serving import PATIENCE, said, serving


async def offboard(app: RunningApp, slug: str) -> httpx.Response:
    return await app.send("DELETE", f"/admin/tenants/{slug}", token=OPERATOR)


async def test_a_tenant_that_left_is_gone_and_the_other_goes_on(
    dsn: str, storage: str
) -> None:
    async with running(dsn, storage=storage) as app:
        a = await app.tenant("a", domains=["a.test"])
        b = await app.tenant("b")
        await a.write("a's")
        kept = await b.write("b's")

        assert (await offboard(app, "a")).status_code == 204

        for host in ("a.localhost", "a.test"):
            assert (await app.send("GET", "/plans", host=host)).status_code == 404
        assert (await b.get(f"/documents/{kept}")).status_code == 200
        assert (await offboard(app, "a")).status_code == 404
    async with running(dsn, storage=storage) as app:
        assert (await app.send("GET", "/readyz")).status_code == 200
        assert (await app.log_in("b")).token


async def test_slug_and_domain_are_free_again_and_old_tokens_are_no_good(
    dsn: str, storage: str
) -> None:
    async with running(dsn, storage=storage) as app:
        old = await app.tenant("a", domains=["a.test"])
        await old.write("of the old one")
        await offboard(app, "a")
        new = await app.tenant("a", domains=["a.test"])

        assert (await old.get("/documents")).status_code == 401
        assert (await new.get("/documents")).json()["items"] == []
        assert (await new.get("/documents/1")).status_code == 404


async def test_no_row_and_no_connection_of_the_tenant_is_left(
    dsn: str, database: asyncpg.Connection
) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")
        await a.write("a's")
        await offboard(app, "a")

        assert await database.fetchval("SELECT to_regnamespace('tenant_a')") is None
        assert await database.fetchval("SELECT count(*) FROM control.tenants") == 0
        states = dict(app.state["resources"].tenants.counts())
        assert states.get("open", 0) == 0


async def test_its_streams_and_sockets_end_and_the_others_do_not(dsn: str) -> None:
    async with serving(dsn) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        async with (
            a.listening() as at_a,
            a.socket() as socket_of_a,
            b.listening() as at_b,
        ):
            await said(socket_of_a)
            answer = await app.operate("DELETE", "/admin/tenants/a")
            assert answer.status_code == 204

            assert (await at_a.next()).data == {"reason": "tenant"}
            with pytest.raises(ConnectionClosed):
                await said(socket_of_a)
            await b.write("goes on")
            assert (await at_b.next()).name == "document.created"


async def test_another_process_notices_within_the_lifetime_of_its_caches(
    dsn: str,
) -> None:
    async with serving(dsn, cache_lifetime=0) as here, serving(dsn) as there:
        a = await here.tenant("a")
        async with a.listening() as stream:
            await there.operate("DELETE", "/admin/tenants/a")

            assert (await here.client.get("/plans", headers=a.headers)).status_code == (
                404
            )
            assert (await stream.next()).data == {"reason": "tenant"}


async def test_what_another_process_has_open_for_it_is_closed_without_being_asked(
    dsn: str,
) -> None:
    async with (
        serving(dsn, housekeeping_interval=0.05, close_timeout=3600) as here,
        serving(dsn) as there,
    ):
        a, b = await here.tenant("a"), await here.tenant("b")
        async with a.listening() as at_a, b.listening() as at_b:
            await there.operate("DELETE", "/admin/tenants/a")

            assert (await at_a.next()).data == {"reason": "tenant"}
            async with asyncio.timeout(PATIENCE):
                while len(here.resources.tenants.states()) > 1:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            await b.write("goes on")
            assert (await at_b.next()).name == "document.created"
        ((left, state),) = here.resources.tenants.states()
        assert (left.slug, state) == ("b", "open")


async def test_a_request_that_finds_the_place_gone_is_told_that_the_tenant_is(
    dsn: str,
) -> None:
    async with running(dsn, cache_lifetime=3600) as here, running(dsn) as there:
        a, b = await here.tenant("a"), await here.tenant("b")
        assert (await a.get("/documents")).status_code == 200
        await offboard(there, "a")

        answer = await a.get("/documents")

        assert (answer.status_code, answer.json()["type"]) == (
            404,
            "urn:problem:tenant-unknown",
        )
        assert (await b.get("/documents")).status_code == 200


async def test_a_failure_of_a_tenant_that_is_still_there_is_a_failure(
    dsn: str, database: asyncpg.Connection
) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")
        await database.execute("DROP TABLE tenant_a.documents CASCADE")

        assert (await a.get("/documents")).status_code == 500


class Stuck(Exporter):
    """Never comes to an end by itself; says when it is at it."""

    begun = asyncio.Event()

    async def _render(self, session: Session) -> bytes:
        self.begun.set()
        await asyncio.Event().wait()
        raise AssertionError


async def test_its_background_work_is_given_up(dsn: str) -> None:
    Stuck.begun.clear()
    async with running(dsn, Parts(exporter=Stuck)) as app:
        a = await app.tenant("a")
        await a.send("POST", "/exports")
        await Stuck.begun.wait()

        async with asyncio.timeout(20):
            assert (await offboard(app, "a")).status_code == 204


async def test_only_the_operator_can(dsn: str) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")
        path = "/admin/tenants/a"

        answers = [
            await a.delete(path),
            await a.put(f"{path}/domains", {"domains": []}),
            await a.post(f"{path}/keys/rotate", {}),
        ]

        assert [answer.status_code for answer in answers] == [401] * 3
        assert (await a.get("/documents")).status_code == 200
