"""Who did what is written into the trail of the tenant where it was done."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from reference_app.logs import LOGGER
from tests.reference_app.running import OPERATOR, PASSWORD, TenantClient, running


async def trail(client: TenantClient) -> Sequence[tuple[int | None, str, str]]:
    """Return a tenant's entries, the oldest first."""
    answer = await client.get("/audit?limit=100")
    assert answer.status_code == 200
    return [
        (entry["member_id"], entry["action"], entry["subject"])
        for entry in reversed(answer.json()["items"])
    ]


async def test_writes_are_noted_at_their_tenant_in_order_with_who_did_them(
    dsn: str, storage: str
) -> None:
    async with running(dsn, storage=storage) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        me = (await a.get("/members")).json()["items"][0]["id"]
        document = await a.write("a's title")
        await a.put(f"/documents/{document}", {"title": "a's new title"})
        await a.delete(f"/documents/{document}")
        await a.put("/flags/beta", {"enabled": True})
        await a.put("/configuration", {"greeting": "hi"})
        await b.write("b's title")

        assert await trail(a) == [
            (None, "tenant.onboarded", "tenant a"),
            (me, "document.created", f"document {document}: a's title"),
            (me, "document.updated", f"document {document}: a's new title"),
            (me, "document.deleted", f"document {document}"),
            (me, "flag.set", "flag beta: on"),
            (me, "configuration.replaced", "configuration"),
        ]
        (onboarded, written) = await trail(b)
        assert onboarded[1] == "tenant.onboarded"
        assert written[2].endswith("b's title")


async def test_what_was_refused_or_only_read_is_not_noted(dsn: str) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")
        await a.get("/documents")
        await a.delete("/documents/7")
        await a.put("/documents/7", {"title": "x"})
        await a.post("/documents", {"title": ""})

        assert [entry[1] for entry in await trail(a)] == ["tenant.onboarded"]


async def test_the_operators_deeds_are_noted_without_a_member(dsn: str) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")
        for status in ("suspended", "active"):
            await app.send(
                "PUT",
                "/admin/tenants/a/status",
                token=OPERATOR,
                json={"status": status},
            )

        assert (await trail(a))[1:] == [
            (None, "tenant.status-set", "suspended"),
            (None, "tenant.status-set", "active"),
        ]


async def test_the_trail_is_for_administrators(dsn: str) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")
        new = {"email": "m@a.example", "name": "m", "password": PASSWORD}
        await a.post("/members", new)
        member = await app.log_in("a", "m@a.example")

        assert (await member.get("/audit")).status_code == 403


async def test_what_was_done_before_a_shutdown_is_in_the_trail_after_it(
    dsn: str,
) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")
        await asyncio.gather(*(a.write(f"title {number}") for number in range(20)))

    async with running(dsn) as app:
        a = await app.log_in("a")
        noted = [entry for entry in await trail(a) if entry[1] == "document.created"]
        assert len(noted) == 20


async def test_a_trail_that_cannot_be_written_costs_its_tenant_entries_only(
    dsn: str, database: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(dsn) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await trail(a)
        await database.execute("ALTER TABLE tenant_a.audit RENAME TO elsewhere")
        await a.write("a private title")
        await b.write("b's title")
        assert len(await trail(b)) == 2

    lines: list[dict[str, Any]] = [
        json.loads(record.getMessage())
        for record in caplog.records
        if record.name == LOGGER and record.levelno >= logging.WARNING
    ]
    assert {line["tenant"] for line in lines} == {"a"}
    assert lines[-1]["event"] == "audit entry lost"
    assert all("private" not in json.dumps(line) for line in lines)
