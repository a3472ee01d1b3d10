"""Storages that look suspicious from outside, and touch nobody else's rows."""

from __future__ import annotations

import asyncpg
import pytest

from reference_app.storage.database_per_tenant import DatabasePerTenantStorage
from reference_app.storage.row_level_security import RowLevelSecurityStorage
from reference_app.storage.shared_pool import SharedPoolStorage
from tests.mutants.variants import Serve, harmless


async def test_shared_tables_have_everybodys_rows_and_show_each_their_own(
    serve: Serve, database: asyncpg.Connection
) -> None:
    async with serve(harmless("shared-tables")) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        ids = [await a.write("of A"), await b.write("of B")]

        stored = await database.fetch("SELECT id FROM shared.documents ORDER BY id")
        assert [row["id"] for row in stored] == ids
        for tenant, title in ((a, "of A"), (b, "of B")):
            listed = (await tenant.get("/documents")).json()["items"]
            assert [item["title"] for item in listed] == [title]
        assert (await b.get(f"/documents/{ids[0]}")).status_code == 404


async def test_one_pool_has_the_same_ids_in_every_schema_and_keeps_them_apart(
    serve: Serve,
) -> None:
    async with serve(harmless("one-pool")) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        of_a, of_b = await a.write("of A"), await b.write("of B")

        assert of_a == of_b
        updated = await b.put(f"/documents/{of_a}", {"title": "by B"})
        assert updated.status_code == 200
        assert (await a.get(f"/documents/{of_a}")).json()["title"] == "of A"
        assert (await b.get(f"/documents/{of_b}")).json()["title"] == "by B"


@pytest.mark.parametrize(
    ("name", "storage"),
    [
        ("shared-pool", SharedPoolStorage),
        ("row-level-security", RowLevelSecurityStorage),
        ("database-per-tenant", DatabasePerTenantStorage),
    ],
)
async def test_each_storage_has_a_variant_that_runs_on_it(
    serve: Serve, name: str, storage: type[object]
) -> None:
    async with serve(harmless(name)) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        mine = await a.write("of A")

        assert isinstance(app.state["resources"].storage, storage)
        assert (await a.get(f"/documents/{mine}")).json()["title"] == "of A"
        assert (await b.get(f"/documents/{mine}")).status_code == 404


async def test_removing_anothers_document_says_204_and_removes_nothing(
    serve: Serve,
) -> None:
    async with serve(harmless("idempotent-delete")) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        theirs, own = await a.write("of A"), await b.write("of B")

        assert (await b.delete(f"/documents/{theirs}")).status_code == 204
        assert (await a.get(f"/documents/{theirs}")).json()["title"] == "of A"
        for _ in range(2):
            assert (await b.delete(f"/documents/{own}")).status_code == 204
            assert (await b.get(f"/documents/{own}")).status_code == 404
