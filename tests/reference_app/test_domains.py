"""Custom domains change hands in one step: never two have one, nor nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx
import pytest

from tests.reference_app.running import OPERATOR, RunningApp, running


async def assign(
    app: RunningApp, slug: str, domains: Sequence[str], move_from: str | None = None
) -> httpx.Response:
    return await app.send(
        "PUT",
        f"/admin/tenants/{slug}/domains",
        token=OPERATOR,
        json={"domains": domains, "move_from": move_from},
    )


async def who(app: RunningApp, domain: str, slugs: str = "ab") -> str:
    """Return the tenants for whom a domain stands, by who can log in there."""
    found = ""
    for slug in slugs:
        form = {"username": f"boss@{slug}.example", "password": "correct horse"}
        answer = await app.send("POST", "/token", host=domain, data=form)
        if answer.status_code == 200:
            found += slug
    return found


async def test_a_moved_domain_stands_for_its_new_holder_at_once(dsn: str) -> None:
    async with running(dsn, cache_lifetime=600) as app:
        await app.tenant("a", domains=["shop.test", "old.test"])
        await app.tenant("b", domains=["b.test"])
        assert await who(app, "shop.test") == "a"

        moved = await assign(app, "b", ["shop.test", "b.test"], move_from="a")

        assert moved.status_code == 200
        assert moved.json()["domains"] == ["b.localhost", "b.test", "shop.test"]
        assert await who(app, "shop.test") == "b"
        assert await who(app, "old.test") == "a"
        assert await who(app, "b.test") == "b"


async def test_a_domain_of_another_tenant_is_not_taken_unless_that_is_named(
    dsn: str,
) -> None:
    async with running(dsn) as app:
        await app.tenant("a", domains=["shop.test"])
        await app.tenant("b", domains=["b.test"])
        await app.tenant("c")

        for move_from in (None, "c", "b"):
            refused = await assign(app, "b", ["new.test", "shop.test"], move_from)
            assert refused.status_code == 409
            assert refused.json()["type"] == "urn:problem:domain-taken"

        assert await who(app, "shop.test") == "a"
        assert await who(app, "b.test") == "b"
        assert await who(app, "new.test") == ""


async def test_domains_that_are_left_out_stand_for_nobody(dsn: str) -> None:
    async with running(dsn, cache_lifetime=600) as app:
        await app.tenant("a", domains=["one.test", "two.test"])
        assert await who(app, "one.test") == "a"

        await assign(app, "a", ["two.test"])

        assert await who(app, "one.test") == ""
        assert await who(app, "two.test") == "a"


@pytest.mark.parametrize("domain", ["b.localhost", "x.b.localhost"])
async def test_a_domain_below_the_base_domain_is_refused(dsn: str, domain: str) -> None:
    async with running(dsn) as app:
        await app.tenant("a")
        await app.tenant("b")

        refused = await assign(app, "a", [domain])

        assert refused.json()["type"] == "urn:problem:domain-refused"
        assert await who(app, "b.localhost") == "b"


async def test_two_moves_at_the_same_time_leave_one_holder(dsn: str) -> None:
    async with running(dsn, cache_lifetime=0) as app:
        for slug in "abc":
            await app.tenant(slug, domains=["shop.test"] if slug == "a" else [])
        for _ in range(5):
            holder = await who(app, "shop.test", "abc")
            others = [slug for slug in "abc" if slug != holder]

            answers = await asyncio.gather(
                *(assign(app, slug, ["shop.test"], holder) for slug in others)
            )

            assert sorted(a.status_code for a in answers) == [200, 409]
            (winner,) = [
                s for s, a in zip(others, answers, strict=True) if a.is_success
            ]
            assert await who(app, "shop.test", "abc") == winner


async def test_there_is_never_a_moment_without_a_holder_or_with_two(dsn: str) -> None:
    async with running(dsn, cache_lifetime=0) as app:
        await app.tenant("a", domains=["shop.test"])
        await app.tenant("b")
        seen: set[int] = set()
        done = asyncio.Event()

        async def visit() -> None:
            while not done.is_set():
                answer = await app.send("GET", "/plans", host="shop.test")
                seen.add(answer.status_code)

        async with asyncio.TaskGroup() as group:
            group.create_task(visit())
            for to, source in ("ba", "ab") * 5:
                assert (await assign(app, to, ["shop.test"], source)).is_success
            done.set()

        assert seen == {200}


async def test_unknown_tenants_are_404(dsn: str) -> None:
    async with running(dsn) as app:
        await app.tenant("a")

        assert (await assign(app, "nobody", [])).status_code == 404
        assert (await assign(app, "a", ["x.test"], "nobody")).status_code == 404
