"""Shared tables with a tenant filter missing: each leak happens, and only with it."""

from __future__ import annotations

import asyncpg
import pytest

from tests.mutants.variants import Serve, Variant, beside, find

READ, UPDATE, DELETE = (
    f"{action}-without-tenant" for action in ("read", "update", "delete")
)


@beside(READ, "shared-tables")
async def test_another_tenants_document_can_be_read_by_its_id(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        theirs = await a.write("title of A", "body of A")

        read = await b.get(f"/documents/{theirs}")

        assert (read.status_code == 200) is variant.leaks
        assert ("body of A" in read.text) is variant.leaks


@beside(UPDATE, "shared-tables")
async def test_another_tenants_document_can_be_replaced_by_its_id(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        theirs = await a.write("title of A")

        updated = await b.put(f"/documents/{theirs}", {"title": "written by B"})

        assert (updated.status_code == 200) is variant.leaks
        seen = (await a.get(f"/documents/{theirs}")).json()["title"]
        assert seen == ("written by B" if variant.leaks else "title of A")


@beside(DELETE, "shared-tables")
async def test_another_tenants_document_can_be_removed_by_its_id(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        theirs = await a.write("title of A")

        deleted = await b.delete(f"/documents/{theirs}")

        assert (deleted.status_code == 204) is variant.leaks
        left = await a.get(f"/documents/{theirs}")
        assert left.status_code == (404 if variant.leaks else 200)


@pytest.mark.parametrize("name", [READ, UPDATE, DELETE])
async def test_each_of_them_forgets_the_tenant_in_its_own_statement_only(
    serve: Serve, name: str
) -> None:
    async with serve(Variant(find(name).app, leaks=True)) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        theirs = await a.write("title of A")

        path = f"/documents/{theirs}"
        answers = {
            READ: await b.get(path),
            UPDATE: await b.put(path, {"title": "written by B"}),
            DELETE: await b.delete(path),
        }

        succeeded = [which for which, answer in answers.items() if answer.is_success]
        assert succeeded == [name]
        assert (await b.get("/documents")).json() == {"items": [], "total": 0}


@beside("search-precedence", "shared-tables")
async def test_a_search_finds_bodies_of_another_tenant_but_not_titles(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await a.write("falcon", "osprey")

        by_body = await b.get("/documents/search?q=osprey")
        by_title = await b.get("/documents/search?q=falcon")

        found = [item["body"] for item in by_body.json()["items"]]
        assert found == (["osprey"] if variant.leaks else [])
        assert by_title.json()["items"] == []


@beside("count-of-everybody", "shared-tables")
async def test_a_count_follows_what_another_tenant_does(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await b.write("of B")
        await a.write("of A")
        await a.write("of A too")

        counts = [
            (await b.get("/documents/count")).json()["count"],
            (await b.get("/documents")).json()["total"],
            (await b.get("/summary")).json()["documents"],
        ]

        assert counts == ([3, 3, 3] if variant.leaks else [1, 1, 1])
        assert len((await b.get("/documents")).json()["items"]) == 1


@beside("flag-update-by-name", "shared-tables")
async def test_setting_a_flag_replaces_another_tenants_flag(
    serve: Serve, variant: Variant, database: asyncpg.Connection
) -> None:
    async with serve(variant) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await a.put("/flags/beta", {"enabled": True, "description": "of A"})

        await b.put("/flags/beta", {"enabled": False, "description": "of B"})

        (flag,) = (await a.get("/flags")).json()
        assert flag["description"] == ("of B" if variant.leaks else "of A")
        rows = await database.fetchval("SELECT count(*) FROM shared.flags")
        assert rows == (1 if variant.leaks else 2)
