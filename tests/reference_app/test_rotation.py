"""Keys are rotated at runtime: the old one is good as long as was said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import pytest

from tests.reference_app.running import OPERATOR, RunningApp, running
from tests.reference_app.serving import serving


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
