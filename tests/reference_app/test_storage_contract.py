"""What every storage has to do, and that each keeps tenants apart."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.reference_app.running import PASSWORD, TenantClient, running

HOSTILE = 'x", "tenant_b'


@pytest.fixture
async def pair(dsn: str, storage: str) -> AsyncIterator[tuple[TenantClient, ...]]:
    """Two tenants; the first one's name would select the second's schema.

    One connection serves both, so whatever the first leaves on it meets the second.
    """
    async with running(dsn, storage=storage, shared_pool_max=1) as app:
        second = await app.tenant("b", name="tenant_b")
        first = await app.tenant("a", name=HOSTILE)
        yield first, second


async def test_a_document_is_read_back_as_it_was_written(
    pair: tuple[TenantClient, ...],
) -> None:
    a, _ = pair

    created = await a.post("/documents", {"title": "Title ü", "body": "Body 'x'"})

    read = await a.get(created.headers["location"])
    assert read.json() == created.json()
    assert (read.json()["title"], read.json()["body"]) == ("Title ü", "Body 'x'")


async def test_lists_counts_and_searches_show_the_tenants_own_only(
    pair: tuple[TenantClient, ...],
) -> None:
    a, b = pair
    for title in ("one", "two", "three"):
        await a.write(title, body="of A")
    await b.write("one", body="of B")

    listed = (await b.get("/documents")).json()
    found = (await b.get("/documents/search?q=of")).json()
    count = (await b.get("/documents/count")).json()
    summary = (await b.get("/summary")).json()

    assert [item["body"] for item in listed["items"]] == ["of B"]
    assert listed["total"] == 1
    assert [item["body"] for item in found["items"]] == ["of B"]
    assert count == {"count": 1}
    assert (summary["documents"], summary["newest_titles"]) == (1, ["one"])
    assert (await a.get("/documents/count")).json() == {"count": 3}


async def test_ids_of_one_tenant_mean_nothing_to_another(
    pair: tuple[TenantClient, ...],
) -> None:
    a, b = pair
    await a.write("first")
    theirs = await a.write("second")

    read = await b.get(f"/documents/{theirs}")
    updated = await b.put(f"/documents/{theirs}", {"title": "mine now"})
    deleted = await b.delete(f"/documents/{theirs}")

    assert [r.status_code for r in (read, updated, deleted)] == [404, 404, 404]
    assert (await a.get(f"/documents/{theirs}")).json()["title"] == "second"


async def test_a_document_is_replaced_and_removed(
    pair: tuple[TenantClient, ...],
) -> None:
    a, _ = pair
    mine = await a.write("old")

    updated = await a.put(f"/documents/{mine}", {"title": "new", "body": "text"})

    assert updated.json()["title"] == "new"
    assert (await a.get(f"/documents/{mine}")).json() == updated.json()
    assert (await a.delete(f"/documents/{mine}")).status_code == 204
    assert (await a.get(f"/documents/{mine}")).status_code == 404
    assert (await a.delete(f"/documents/{mine}")).status_code == 404


async def test_pages_follow_one_another(pair: tuple[TenantClient, ...]) -> None:
    a, _ = pair
    ids = [await a.write(f"number {n}") for n in range(5)]

    first = (await a.get("/documents?limit=2")).json()
    third = (await a.get("/documents?limit=2&offset=4")).json()
    found = (await a.get("/documents/search?q=number&limit=2&offset=1")).json()

    assert [item["id"] for item in first["items"]] == ids[:2]
    assert [item["id"] for item in third["items"]] == ids[4:]
    assert [item["id"] for item in found["items"]] == ids[1:3]
    assert first["total"] == third["total"] == 5


async def test_a_search_takes_its_text_literally_and_in_any_case(
    pair: tuple[TenantClient, ...],
) -> None:
    a, _ = pair
    await a.write("100 % sure")
    await a.write("snake_case")
    await a.write("plain")

    async def found(text: str) -> list[str]:
        response = await a.send("GET", "/documents/search", params={"q": text})
        return [item["title"] for item in response.json()["items"]]

    assert await found("%") == ["100 % sure"]
    assert await found("_") == ["snake_case"]
    assert await found("PLAIN") == ["plain"]
    assert await found("' OR true --") == []


async def test_an_address_is_taken_within_a_tenant_in_any_case_but_not_across(
    pair: tuple[TenantClient, ...],
) -> None:
    a, b = pair
    new = {"email": "jo@example.org", "name": "Jo", "password": PASSWORD}

    first = await a.post("/members", new)
    again = await a.post("/members", {**new, "email": "JO@example.org"})
    elsewhere = await b.post("/members", new)

    assert [r.status_code for r in (first, again, elsewhere)] == [201, 409, 201]
    assert (await a.get(f"/members/{first.json()['id']}")).json() == first.json()


async def test_members_are_the_tenants_own(pair: tuple[TenantClient, ...]) -> None:
    a, b = pair
    new = {"email": "jo@example.org", "name": "Jo of A", "password": PASSWORD}
    jo = (await a.post("/members", new)).json()["id"]

    listed = (await b.get("/members")).json()
    read = await b.get(f"/members/{jo}")

    assert [item["email"] for item in listed["items"]] == ["boss@b.example"]
    assert listed["total"] == 1
    assert read.status_code == 404
    assert "password" not in (await a.get("/members")).text


async def test_configuration_and_flags_are_the_tenants_own(
    pair: tuple[TenantClient, ...],
) -> None:
    a, b = pair

    await a.put("/configuration", {"greeting": "hello A", "page_size": 1})
    await a.put("/flags/dark-mode", {"enabled": True, "description": "for A"})
    await a.put("/flags/dark-mode", {"enabled": False, "description": "still A"})

    assert (await a.get("/configuration")).json()["greeting"] == "hello A"
    assert (await b.get("/configuration")).json()["greeting"] == ""
    (flag,) = (await a.get("/flags")).json()
    assert (flag["enabled"], flag["description"]) == (False, "still A")
    assert (await b.get("/flags")).json() == []


async def test_a_tenants_configuration_sets_its_page_size(
    pair: tuple[TenantClient, ...],
) -> None:
    a, b = pair
    for tenant in pair:
        await tenant.write("one")
        await tenant.write("two")

    await a.put("/configuration", {"page_size": 1})

    assert len((await a.get("/documents")).json()["items"]) == 1
    assert len((await b.get("/documents")).json()["items"]) == 2


async def test_a_summary_follows_every_write(pair: tuple[TenantClient, ...]) -> None:
    a, _ = pair
    assert (await a.get("/summary")).json()["documents"] == 0

    mine = await a.write("news")
    assert (await a.get("/summary")).json()["newest_titles"] == ["news"]
    await a.put(f"/documents/{mine}", {"title": "old news"})
    assert (await a.get("/summary")).json()["newest_titles"] == ["old news"]
    await a.put("/configuration", {"greeting": "hi"})
    assert (await a.get("/summary")).json()["greeting"] == "hi"
    await a.delete(f"/documents/{mine}")
    assert (await a.get("/summary")).json()["documents"] == 0


async def test_what_was_written_is_there_after_a_restart(
    dsn: str, storage: str
) -> None:
    async with running(dsn, storage=storage) as app:
        a = await app.tenant("a", name=HOSTILE)
        await a.put("/configuration", {"greeting": "hi"})
        await a.put("/flags/beta", {"enabled": True})
        mine = await a.write("kept")

    async with running(dsn, storage=storage) as app:
        a = await app.log_in("a")

        assert (await a.get(f"/documents/{mine}")).json()["title"] == "kept"
        assert (await a.get("/configuration")).json()["greeting"] == "hi"
        assert [flag["name"] for flag in (await a.get("/flags")).json()] == ["beta"]


@pytest.mark.parametrize("storage", ["schema_per_tenant", "one_pool"])
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("😀" * 200, id="longer than an identifier"),
        pytest.param('"; DROP SCHEMA control CASCADE; --', id="injection"),
        pytest.param("control", id="our own schema"),
        pytest.param("pg_catalog", id="Postgres' schema"),
        pytest.param("Public", id="mixed case"),
        pytest.param("$user", id="special on a search path"),
        pytest.param("a,b, $user", id="commas"),
    ],
)
async def test_any_name_gives_a_tenant_of_its_own(
    dsn: str, storage: str, name: str
) -> None:
    async with running(dsn, storage=storage) as app:
        odd = await app.tenant("odd", name=name)
        plain = await app.tenant("plain")

        await odd.write("odd")
        await plain.write("plain")

        for tenant, title in ((odd, "odd"), (plain, "plain")):
            listed = (await tenant.get("/documents")).json()
            assert [item["title"] for item in listed["items"]] == [title]
        assert (await odd.get("/summary")).json()["tenant"] == name
