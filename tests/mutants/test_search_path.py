"""One pool for all schemas, and how each request selects its own."""

from __future__ import annotations

import pytest

from reference_app.resources import Resources
from reference_app.storage.one_pool import OnePoolStorage
from tests.mutants.variants import Serve, Variant, beside, harmless

HOSTILE = 'x", "Acme, Inc'


@beside("search-path-from-name", "one-pool")
async def test_a_name_with_quotes_and_commas_selects_another_tenants_schema(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        acme = await app.tenant("acme", name="Acme, Inc")
        await acme.write("of Acme")
        hostile = await app.tenant("hostile", name=HOSTILE)

        listed = (await hostile.get("/documents")).json()["items"]
        members = (await acme.get("/members")).json()["items"]

        titles = [item["title"] for item in listed]
        assert titles == (["of Acme"] if variant.leaks else [])
        strangers = [one for one in members if one["email"] == "boss@hostile.example"]
        assert bool(strangers) is variant.leaks


@beside("search-path-from-name", "one-pool")
async def test_tenants_with_ordinary_names_are_kept_apart_either_way(
    serve: Serve, variant: Variant
) -> None:
    async with serve(variant) as app:
        a = await app.tenant("a", name="Über & Söhne; Ltd")
        b = await app.tenant("b", name="Müller's")
        await a.write("of A")
        await b.write("of B")

        for tenant, title in ((a, "of A"), (b, "of B"), (a, "of A")):
            listed = (await tenant.get("/documents")).json()["items"]
            assert [item["title"] for item in listed] == [title]


@pytest.mark.parametrize("name", ["one-pool", "plain-search-path"])
async def test_a_search_path_for_the_session_is_gone_when_the_connection_is_back(
    serve: Serve, name: str
) -> None:
    async with serve(harmless(name)) as app:
        a = await app.tenant("a", name="tenant a")
        resources: Resources = app.state["resources"]
        storage = resources.storage
        assert isinstance(storage, OnePoolStorage)
        (tenant,) = await resources.directory.all()

        async with storage.acquire() as connection:
            process = connection.get_server_pid()
            await storage.enter(connection, tenant)
            # Not local to a transaction: it would stay, but for the pool's reset.
            assert await connection.fetchval("SHOW search_path") == '"tenant a"'
        async with storage.acquire() as connection:
            assert connection.get_server_pid() == process
            path = await connection.fetchval("SHOW search_path")

        assert path == '"$user", public'
        assert (await a.get("/documents")).is_success


async def test_a_plainly_set_search_path_keeps_hostile_names_apart(
    serve: Serve,
) -> None:
    async with serve(harmless("plain-search-path")) as app:
        acme = await app.tenant("acme", name="Acme, Inc")
        hostile = await app.tenant("hostile", name=HOSTILE)
        await acme.write("of Acme")
        await hostile.write("of another")

        for tenant, title in ((hostile, "of another"), (acme, "of Acme")):
            listed = (await tenant.get("/documents")).json()["items"]
            assert [item["title"] for item in listed] == [title]
