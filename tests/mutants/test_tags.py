"""Tags that name answers of several tenants, and answers that are made for several."""

from __future__ import annotations

import asyncio

import asyncpg

from tests.mutants.held_table import held_table
from tests.mutants.variants import Serve, Variant, beside


@beside("tag-by-count", "tag-of-bytes")
async def test_a_tag_of_another_tenants_passes_for_current(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await a.write("of A")
        await b.write("of B")
        theirs = (await a.get("/summary")).headers["etag"]

        seen = await b.send("GET", "/summary", headers={"if-none-match": theirs})
        own = await a.send("GET", "/summary", headers={"if-none-match": theirs})

        assert seen.status_code == (304 if variant.leaks else 200)
        assert own.status_code == 304


@beside("rendered-once-by-url", "rendered-once-by-tenant")
async def test_who_asks_at_the_same_time_gets_another_tenants_summary(
    serve: Serve, variant: Variant, database: asyncpg.Connection
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        async with held_table(database, "tenant_a.documents") as wanted:
            first = asyncio.create_task(a.get("/summary"))
            await wanted()
            second = asyncio.create_task(b.get("/summary"))
            for _ in range(3):  # meanwhile it gets as far as it can
                await b.get("/documents/count")
        answers = await first, await second
        alone = [await one.get("/summary") for one in (a, b)]

        seen = [answer.json()["tenant"] for answer in answers]
        assert seen == (["a", "a"] if variant.leaks else ["a", "b"])
        assert [answer.json()["tenant"] for answer in alone] == ["a", "b"]
