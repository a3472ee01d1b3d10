"""Connections that serve every tenant come back without a trace of the last one."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from reference_app.resources import Resources
from reference_app.storage.one_pool import OnePoolStorage
from tests.reference_app.running import running


async def test_a_connection_is_given_back_without_a_search_path(dsn: str) -> None:
    async with running(dsn, storage="one_pool", shared_pool_max=1) as app:
        a = await app.tenant("a", name="tenant_a")
        await a.write("one")
        resources: Resources = app.state["resources"]
        storage = resources.storage
        assert isinstance(storage, OnePoolStorage)

        async with storage.acquire() as connection:
            path = await connection.fetchval("SHOW search_path")

        assert path == '"$user", public'


async def test_the_schema_is_named_after_the_tenant(
    dsn: str, database: asyncpg.Connection
) -> None:
    async with running(dsn, storage="one_pool") as app:
        await app.tenant("a", name='Jo\'s "Fine" Goods, Ltd')

    names = await database.fetch("SELECT nspname FROM pg_namespace")
    assert 'Jo\'s "Fine" Goods, Ltd' in {row["nspname"] for row in names}


async def test_a_cancelled_request_leaves_no_search_path_behind(dsn: str) -> None:
    async with running(dsn, storage="one_pool", shared_pool_max=1) as app:
        a = await app.tenant("a", name="tenant_a")
        b = await app.tenant("b", name="tenant_b")
        await a.write("of A")
        for turns in range(12):
            request = asyncio.create_task(a.get("/documents"))
            for _ in range(turns):
                await asyncio.sleep(0)
            request.cancel()
            with pytest.raises(asyncio.CancelledError):
                await request

            assert (await b.get("/documents")).json()["items"] == []
