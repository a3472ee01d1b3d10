"""Caches remember for the right tenant, and forget when something was written."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from reference_app.caches.expiring import Expiring
from reference_app.caches.response_cache import ResponseCache
from reference_app.caches.tenant_cache import TenantCache
from reference_app.tenants.tenant import Tenant
from tests.reference_app.running import running


@pytest.fixture
def pair() -> tuple[Tenant, Tenant]:
    """Two tenants that differ in their ids only."""
    a, b = (Tenant(uuid4(), "x", "x", "active", None, None) for _ in "ab")
    return a, b


class Source:
    """Makes a new value at each call, and counts; waits if told to."""

    def __init__(self) -> None:
        self.calls = 0
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.begun = asyncio.Event()

    async def __call__(self) -> bytes:
        self.calls += 1
        value = str(self.calls).encode()
        self.begun.set()
        await self.go_on.wait()
        return value


async def test_a_response_is_remembered_by_tenant_and_url(
    pair: tuple[Tenant, Tenant],
) -> None:
    cache, source = ResponseCache(60), Source()
    a, b = pair

    answers = [
        await cache.get(tenant, url, source)
        for tenant, url in ((a, "/x?"), (a, "/x?"), (b, "/x?"), (a, "/x?y"))
    ]

    assert [answer.body for answer in answers] == [b"1", b"1", b"2", b"3"]


async def test_a_write_forgets_the_tenants_responses_and_no_others(
    pair: tuple[Tenant, Tenant],
) -> None:
    cache, source = ResponseCache(60), Source()
    a, b = pair
    for tenant in pair:
        await cache.get(tenant, "/x?", source)

    cache.forget(a)

    assert (await cache.get(b, "/x?", source)).body == b"2"
    assert (await cache.get(a, "/x?", source)).body == b"3"


async def test_a_response_that_a_write_has_overtaken_is_not_remembered(
    pair: tuple[Tenant, Tenant],
) -> None:
    cache, source = ResponseCache(60), Source()
    source.go_on.clear()
    slow = asyncio.create_task(cache.get(pair[0], "/x?", source))
    await source.begun.wait()

    cache.forget(pair[0])
    source.go_on.set()

    assert (await slow).body == b"1"
    assert (await cache.get(pair[0], "/x?", source)).body == b"2"


async def test_a_slow_read_does_not_bring_back_what_was_replaced(
    pair: tuple[Tenant, Tenant],
) -> None:
    cache: TenantCache[bytes] = TenantCache(60)
    slow, new = Source(), Source()
    slow.go_on.clear()
    reading = asyncio.create_task(cache.get(pair[0], slow))
    await slow.begun.wait()
    writing = asyncio.create_task(cache.replace(pair[0], new))

    slow.go_on.set()
    await asyncio.gather(reading, writing)

    assert new.calls == 1
    assert await cache.get(pair[0], slow) == b"1"
    assert slow.calls == 1  # so that was the new value, not the old one again


async def test_tenants_do_not_see_each_others_values(
    pair: tuple[Tenant, Tenant],
) -> None:
    cache, source = TenantCache[bytes](60), Source()

    values = [await cache.get(tenant, source) for tenant in (*pair, *pair)]

    assert values == [b"1", b"2", b"1", b"2"]


def test_entries_grow_old_and_the_oldest_makes_room() -> None:
    now, soon = Expiring[str, int](0, 2), Expiring[str, int](60, 2)
    now.put("x", 1)
    for number, key in enumerate("abc"):
        soon.put(key, number)

    assert now.get("x") is None
    assert [soon.get(key) for key in "abc"] == [None, 1, 2]


async def test_plans_are_everybodys_and_the_same(
    dsn: str, database: asyncpg.Connection
) -> None:
    async with running(dsn, cache_lifetime=600) as app:
        await app.tenant("a")
        await app.tenant("b")

        first = await app.send("GET", "/plans", host="a.localhost")
        await database.execute("DELETE FROM control.plans")
        second = await app.send("GET", "/plans", host="b.localhost")

        assert [plan["name"] for plan in first.json()] == ["free", "team", "enterprise"]
        assert second.content == first.content  # from the cache
