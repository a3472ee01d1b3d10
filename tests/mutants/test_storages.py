"""Storages whose borders have one hole each."""

from __future__ import annotations

from tests.mutants.variants import Serve, Variant, beside
from tests.reference_app.test_exports import export, titles


@beside("path-remembered", "shared-pool")
async def test_after_a_rollback_the_tenant_before_is_read(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await a.write("of A")
        await b.write("of B")
        await a.get("/audit")  # which waits until nothing is written any more
        await b.get("/audit")
        await a.get("/documents")

        refused = await b.delete("/webhooks/99")
        listed = (await b.get("/documents")).json()["items"]

        assert refused.status_code == 404
        found = [item["title"] for item in listed]
        assert found == (["of A"] if variant.leaks else ["of B"])


@beside("path-remembered", "shared-pool")
async def test_without_a_rollback_tenants_are_kept_apart_either_way(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await a.write("of A")
        await b.write("of B")

        for tenant, title in ((a, "of A"), (b, "of B"), (b, "of B"), (a, "of A")):
            listed = (await tenant.get("/documents")).json()["items"]
            assert [item["title"] for item in listed] == [title]


@beside("policy-missing", "row-level-security")
async def test_files_of_another_tenant_can_be_fetched_where_no_policy_is(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await a.write("of A")
        theirs = await export(a)
        assert await titles(a, theirs) == ["of A"]

        file = await b.get(f"{theirs}/file")
        listed = (await b.get("/exports")).json()["items"]

        assert file.status_code == (200 if variant.leaks else 404)
        assert ("of A" in file.text) is variant.leaks
        assert bool(listed) is variant.leaks
        assert (await b.get("/documents")).json()["items"] == []


@beside("pool-by-job", "database-per-tenant")
async def test_work_for_one_tenant_is_done_in_the_database_of_another(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await b.write("of B")
        await b.get("/audit")  # waits until it is written

        entries = (await a.get("/audit")).json()["items"]

        assert any("of B" in one["subject"] for one in entries) is variant.leaks
        assert (await a.get("/documents")).json()["items"] == []
        assert (await b.get("/documents")).json()["total"] == 1
