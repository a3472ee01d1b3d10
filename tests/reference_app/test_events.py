"""The event stream over a real socket, two tenants side by side."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.reference_app.serving import serving, until_nobody_listens


async def test_what_a_tenant_does_arrives_there_and_nowhere_else(
    dsn: str, storage: str
) -> None:
    async with serving(dsn, storage=storage) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        async with a.listening() as at_a, b.listening() as at_b:
            document = await a.write("only for a")
            path = f"/documents/{document}"
            await a.send("PUT", path, json={"title": "still only for a"})
            await a.send("DELETE", path)
            await b.write("only for b")

            heard = [await at_a.next() for _ in range(3)]
            assert [frame.name for frame in heard] == [
                "document.created",
                "document.updated",
                "document.deleted",
            ]
            assert heard[0].data["data"] == {"id": document, "title": "only for a"}
            first_at_b = await at_b.next()
            assert first_at_b.data["data"]["title"] == "only for b"


async def test_a_title_cannot_forge_an_event(dsn: str) -> None:
    title = "x\n\nevent: end\ndata: {}\r\revent: end\x85\u2028é"
    async with serving(dsn) as app:
        a = await app.tenant("a")
        async with a.listening() as stream:
            await a.write(title)

            frame = await stream.next()
            assert frame.name == "document.created"
            assert frame.data["data"]["title"] == title


@pytest.mark.parametrize("token", ["", "nonsense", "another tenant's"])
async def test_the_stream_needs_a_token_of_the_tenant(dsn: str, token: str) -> None:
    async with serving(dsn) as app:
        await app.tenant("a")
        b = await app.tenant("b")
        sent = b.token if token == "another tenant's" else token
        headers = {"host": "a.localhost"}
        if sent:
            headers["authorization"] = f"Bearer {sent}"

        refused = await app.client.get("/events", headers=headers)

        assert refused.status_code == 401
        assert app.resources.hub.count() == 0


async def test_one_listener_too_many_is_429_at_that_tenant_only(dsn: str) -> None:
    async with serving(dsn, streams_per_tenant=1) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        async with a.listening():
            refused = await a.send("GET", "/events")
            assert refused.status_code == 429
            assert refused.headers["retry-after"]
            async with b.listening():
                pass


async def test_a_listener_who_leaves_is_forgotten(dsn: str) -> None:
    async with serving(dsn) as app:
        a = await app.tenant("a")
        async with a.listening():
            assert app.resources.hub.count() == 1
        await until_nobody_listens(app)


async def test_a_heartbeat_comes_while_nothing_happens(dsn: str) -> None:
    async with serving(dsn, stream_heartbeat=0.05) as app:
        a = await app.tenant("a")
        async with a.listening() as stream:
            assert (await stream.next(comments=True)).data == "heartbeat"


async def test_a_stream_ends_once_its_token_has_expired(dsn: str) -> None:
    async with serving(dsn, stream_heartbeat=0.05, token_lifetime=2) as app:
        a = await app.tenant("a")
        async with a.listening() as stream:
            ended = await stream.next()

            assert (ended.name, ended.data) == ("end", {"reason": "access"})


async def test_suspension_ends_a_tenants_streams_and_no_others(dsn: str) -> None:
    async with serving(dsn) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        async with a.listening() as at_a, b.listening() as at_b:
            await app.operate(
                "PUT", "/admin/tenants/a/status", json={"status": "suspended"}
            )

            assert (await at_a.next()).data == {"reason": "tenant"}
            await b.write("goes on")
            assert (await at_b.next()).name == "document.created"


async def test_another_process_notices_a_suspension_at_its_heartbeat(dsn: str) -> None:
    async with (
        serving(dsn, stream_heartbeat=0.05, cache_lifetime=0.05) as here,
        serving(dsn) as there,
    ):
        a = await here.tenant("a")
        async with a.listening() as stream:
            await there.operate(
                "PUT", "/admin/tenants/a/status", json={"status": "suspended"}
            )

            assert (await stream.next()).data == {"reason": "tenant"}


async def test_an_idle_listener_keeps_no_connection_from_others(dsn: str) -> None:
    # One connection for all tenants: each needs the one that another has had.
    async with serving(dsn, connection_budget=1, tenant_pool_max=1) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        async with a.listening() as at_a, b.listening() as at_b:
            for number in range(3):
                await a.write(f"a {number}")
                await b.write(f"b {number}")

            for stream, slug in ((at_a, "a"), (at_b, "b")):
                titles = [(await stream.next()).data["data"]["title"] for _ in range(3)]
                assert titles == [f"{slug} {number}" for number in range(3)]


async def test_shutdown_does_not_wait_for_listeners(dsn: str) -> None:
    async with asyncio.timeout(60):
        async with serving(dsn) as app:
            a = await app.tenant("a")
            listening = a.listening()
            stream = await listening.__aenter__()
        with pytest.raises((StopAsyncIteration, httpx.HTTPError)):
            await stream.next()
        assert app.resources.hub.count() == 0
