"""Keys are rotated at runtime: the old one is good as long as was said."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from harness.environment.provider_stub import provider_stub
from harness.environment.provider_stub.keys import AnyKeys
from harness.environment.provider_stub.limits import Limits
from tests.reference_app.providers import ToolCall, scripted
from tests.reference_app.running import OPERATOR, RunningApp, running
from tests.reference_app.serving import PATIENCE, said, serving


async def rotate(app: RunningApp, slug: str, **more: Any) -> httpx.Response:
    path = f"/admin/tenants/{slug}/keys/rotate"
    answer = await app.send("POST", path, token=OPERATOR, json=more)
    assert answer.status_code == 200, answer.text
    return answer


async def test_without_grace_old_tokens_are_no_good_at_once_and_others_are(
    dsn: str,
) -> None:
    async with running(dsn, cache_lifetime=600) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        assert (await a.get("/documents")).status_code == 200

        answer = await rotate(app, "a")

        assert answer.json()["old_tokens_good_until"] is None
        assert (await a.get("/documents")).status_code == 401
        assert (await b.get("/documents")).status_code == 200
        again = await app.log_in("a")
        assert (await again.get("/documents")).status_code == 200


async def test_with_grace_both_keys_are_good_until_it_ends(
    dsn: str, database: asyncpg.Connection
) -> None:
    async with running(dsn, cache_lifetime=0) as app:
        old = await app.tenant("a")
        answer = await rotate(app, "a", grace_seconds=600)
        new = await app.log_in("a")

        until = datetime.fromisoformat(answer.json()["old_tokens_good_until"])
        assert 500 < (until - datetime.now(UTC)).total_seconds() <= 600
        for client in (old, new):
            assert (await client.get("/documents")).status_code == 200

        await database.execute(
            "UPDATE control.tenants SET previous_signing_key_until = now()"
        )
        assert (await old.get("/documents")).status_code == 401
        assert (await new.get("/documents")).status_code == 200


async def test_a_second_rotation_ends_the_grace_of_the_first(dsn: str) -> None:
    async with running(dsn) as app:
        first = await app.tenant("a")
        await rotate(app, "a", grace_seconds=600)
        second = await app.log_in("a")
        await rotate(app, "a", grace_seconds=600)

        assert (await first.get("/documents")).status_code == 401
        assert (await second.get("/documents")).status_code == 200


async def test_the_old_key_of_one_tenant_is_good_nowhere_else(dsn: str) -> None:
    async with running(dsn) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        for slug in ("a", "b"):
            await rotate(app, slug, grace_seconds=600)

        foreign = await a.send("GET", "/documents", host=b.host)

        assert foreign.status_code == 401


async def test_another_process_takes_new_tokens_at_once_and_drops_old_ones_in_time(
    dsn: str,
) -> None:
    async with (
        running(dsn, cache_lifetime=600) as remembers,
        running(dsn, cache_lifetime=0) as forgets,
        running(dsn) as rotates,
    ):
        old = await rotates.tenant("a")
        for app in (remembers, forgets):
            sent = await app.send("GET", "/documents", host=old.host, token=old.token)
            assert sent.status_code == 200
        await rotate(rotates, "a")
        new = await rotates.log_in("a")

        for app in (remembers, forgets):
            sent = await app.send("GET", "/documents", host=new.host, token=new.token)
            assert sent.status_code == 200
            sent = await app.send("GET", "/documents", host=old.host, token=old.token)
            assert sent.status_code == 401


async def test_streams_end_with_the_tokens_that_they_were_opened_with(dsn: str) -> None:
    async with serving(dsn) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        async with a.listening() as at_a, b.listening() as at_b:
            await app.operate("POST", "/admin/tenants/a/keys/rotate", json={})

            assert (await at_a.next()).data == {"reason": "access"}
            await b.write("goes on")
            assert (await at_b.next()).name == "document.created"


async def test_the_provider_key_is_replaced_and_never_shown(
    dsn: str, database: asyncpg.Connection
) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a", provider_key="sk-the-first-key")
        await app.tenant("b", provider_key="sk-key-of-b")
        answer = await rotate(
            app, "a", provider_key="sk-the-second-key", grace_seconds=60
        )

        assert answer.json()["provider_key_replaced"] is True
        assert "second" not in answer.text
        keys = await database.fetch("SELECT provider_key FROM control.tenants")
        assert {row[0] for row in keys} == {"sk-the-second-key", "sk-key-of-b"}
        assert (await a.get("/documents")).status_code == 200


async def test_every_process_asks_the_provider_with_the_new_key(dsn: str) -> None:
    async with provider_stub(AnyKeys(Limits(requests=50))) as provider:
        settings: dict[str, Any] = {
            "provider_url": provider.url,
            "provider_retries": 0,
            "cache_lifetime": 0,
        }
        async with running(dsn, **settings) as here, running(dsn, **settings) as there:
            a = await here.tenant("a", provider_key="sk-the-first-key")
            elsewhere = await there.log_in("a")
            for client in (a, elsewhere):
                await client.post("/assistant/messages", {"text": "before"})
            await rotate(here, "a", provider_key="sk-the-second-key", grace_seconds=60)
            mark = provider.mark
            for client in (a, elsewhere):
                answer = await client.post("/assistant/messages", {"text": "after"})
                assert answer.status_code == 200

        calls = [c for calls in provider.calls_since(mark).values() for c in calls]
        assert len(calls) >= 2
        assert {call.key for call in calls} == {"sk-the-second-key"}


async def test_listeners_of_every_process_are_told_of_a_new_provider_key_at_once(
    dsn: str,
) -> None:
    # Nobody waits for them to leave: closing would have patience for an hour.
    more: dict[str, Any] = {"cache_lifetime": 0.05, "close_timeout": 3600}
    async with serving(dsn, **more) as here, serving(dsn, **more) as there:
        a, b = await here.tenant("a"), await here.tenant("b")
        elsewhere = await there.log_in("a")
        async with (
            a.listening() as first,
            elsewhere.listening() as second,
            b.listening() as other,
            a.socket() as websocket,
        ):
            assert (await said(websocket))["type"] == "ready"
            body = {"provider_key": "sk-another", "grace_seconds": 60}
            await here.operate("POST", "/admin/tenants/a/keys/rotate", json=body)

            for stream in (first, second):
                assert (await stream.next()).data == {"reason": "restart"}
            with pytest.raises(ConnectionClosed) as closed:
                await said(websocket)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012
            await a.write("opened anew")
            await b.write("goes on")
            assert (await other.next()).name == "document.created"


async def test_a_process_that_nobody_asks_follows_too(dsn: str) -> None:
    async with (
        running(dsn, housekeeping_interval=0.05) as here,
        running(dsn) as there,
    ):
        for slug in "ab":
            await there.tenant(slug, provider_key="sk-the-first-key")
            await here.log_in(slug)
        tenants = here.state["resources"].tenants
        known = {tenant.slug: tenant for tenant, _ in tenants.states()}
        old = {slug: await tenants.ready(tenant) for slug, tenant in known.items()}
        await rotate(there, "a", provider_key="sk-the-second-key")

        async with asyncio.timeout(PATIENCE):
            await old["a"].ending.wait()

        # Whoever asks here, knowing of no change, gets what is opened after it.
        assert await tenants.ready(known["a"]) is not old["a"]
        assert await tenants.ready(known["b"]) is old["b"]
        assert not old["b"].ending.is_set()
        now = {tenant.slug: tenant.revision for tenant, _ in tenants.states()}
        assert now == {"a": known["a"].revision + 1, "b": known["b"].revision}


async def test_an_answer_on_its_way_does_not_use_the_old_key_again(
    dsn: str, database: asyncpg.Connection
) -> None:
    search = ToolCall("search_documents", {"query": "tea"})
    async with scripted("primed", search, "found") as provider:
        settings: dict[str, Any] = {
            "provider_url": provider.url,
            "provider_retries": 0,
            "close_timeout": 3600,
        }
        async with serving(dsn, **settings) as app:
            a = await app.tenant("a", provider_key="sk-the-first-key")
            schema = await database.fetchval("SELECT schema_name FROM control.tenants")
            async with database.transaction():  # the tool has to wait
                await database.execute(f'LOCK TABLE "{schema}".documents')
                asking = asyncio.create_task(
                    a.send("POST", "/assistant/messages", json={"text": "tea?"})
                )
                async with asyncio.timeout(PATIENCE):
                    while len(provider.prompts) < 2:  # noqa: ASYNC110 - nothing tells
                        await asyncio.sleep(0.01)
                body = {"provider_key": "sk-another", "grace_seconds": 60}
                await app.operate("POST", "/admin/tenants/a/keys/rotate", json=body)
            answer = await asking

            assert "assistant-unavailable" in answer.text
            # Whoever opens the tenant anew has the new key tried; nobody goes on.
            assert sum("tools" in prompt for prompt in provider.prompts) == 1
            again = await a.send("POST", "/assistant/messages", json={"text": "tea?"})
            assert "event: done" in again.text


async def test_a_rotation_without_a_provider_key_keeps_the_one_there_is(
    dsn: str, database: asyncpg.Connection
) -> None:
    async with running(dsn) as app:
        await app.tenant("a", provider_key="sk-the-first-key")
        await rotate(app, "a")

        key = await database.fetchval("SELECT provider_key FROM control.tenants")
        assert key == "sk-the-first-key"


@pytest.mark.parametrize("body", [{"grace_seconds": -1}, {"grace_seconds": 90_000}])
async def test_a_grace_that_makes_no_sense_is_422(dsn: str, body: Any) -> None:
    async with running(dsn) as app:
        await app.tenant("a")
        path = "/admin/tenants/a/keys/rotate"

        answer = await app.send("POST", path, token=OPERATOR, json=body)

        assert answer.status_code == 422
