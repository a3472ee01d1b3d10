"""Caches whose keys lack the tenant, and look-alikes whose keys have it."""

from __future__ import annotations

import asyncpg

from tests.mutants.variants import Serve, Variant, beside, harmless


@beside("response-cache-by-url")
async def test_a_summary_that_is_remembered_is_served_to_another_tenant(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await a.write("title of A")
        assert (await a.get("/summary")).json()["tenant"] == "a"

        seen = (await b.get("/summary")).json()

        assert seen["tenant"] == ("a" if variant.leaks else "b")
        assert seen["newest_titles"] == (["title of A"] if variant.leaks else [])
        assert (await b.get("/summary?fresh")).json()["tenant"] == "b"


@beside("configuration-cache-without-tenant")
async def test_a_configuration_is_remembered_for_another_tenant(
    serve: Serve, variant: Variant, database: asyncpg.Connection
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await b.put("/configuration", {"greeting": "hello B"})
        await a.put("/configuration", {"greeting": "hello A"})

        seen = (await b.get("/configuration")).json()["greeting"]

        assert seen == ("hello A" if variant.leaks else "hello B")
        stored = await database.fetchval(
            "SELECT configuration->>'greeting' FROM control.tenants WHERE slug = 'b'"
        )
        assert stored == "hello B"


async def test_a_digest_of_tenant_and_url_keeps_summaries_apart(serve: Serve) -> None:
    async with serve(harmless("response-cache-by-digest")) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await a.write("title of A")
        resources = app.state["resources"]

        seen = [(await one.get("/summary")).json()["tenant"] for one in (a, b, a, b)]

        assert seen == ["a", "b", "a", "b"]
        kept = list(resources.response_cache._answers._entries)
        assert len(kept) == 2
        assert all(isinstance(key, str) and len(key) == 64 for key in kept)


async def test_plans_rendered_for_one_tenant_are_served_to_another_and_are_public(
    serve: Serve, database: asyncpg.Connection
) -> None:
    async with serve(harmless("long-public-cache")) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        first = await a.get("/plans")
        await database.execute("UPDATE control.plans SET monthly_price_cents = 1")

        second = await b.get("/plans")
        anonymous = await app.send("GET", "/plans", host=b.host)

        # The database says otherwise by now, so these are the first one's bytes.
        assert first.content == second.content == anonymous.content
        assert [plan["name"] for plan in first.json()] == ["free", "team", "enterprise"]
