"""What opens closes again, whatever went wrong, and one failure stays one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import NoReturn

import asyncpg
import httpx
import pytest

from reference_app.foundation import OpenStorage
from reference_app.main import create_app
from reference_app.parts import Parts
from reference_app.storage.schema_per_tenant import (
    SchemaPerTenantStorage,
    SchemaPerTenantStore,
)
from reference_app.tenants.tenant import Tenant
from tests.reference_app.running import running, settings_for
from tests.reference_app.test_open_tenants import rest
from tests.waiting import until


@dataclass
class Watched:
    """What happened to tenants' stores, and which of them shall fail or hang."""

    opened: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    hanging: set[str] = field(default_factory=set)
    hangs: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    most_at_once: int = 0

    def parts(self) -> Parts:
        """Return parts with a storage that is watched."""
        watched = self

        class WatchedStorage(SchemaPerTenantStorage):
            opening = 0

            @asynccontextmanager
            async def open(self, tenant: Tenant) -> AsyncIterator[SchemaPerTenantStore]:
                self.opening += 1
                watched.most_at_once = max(watched.most_at_once, self.opening)
                await asyncio.sleep(0)
                self.opening -= 1
                async with super().open(tenant) as store:
                    async with store.session():  # a connection that must not stay
                        pass
                    if tenant.slug in watched.failing:
                        raise OSError("planted")
                    if tenant.slug in watched.hanging:
                        watched.hangs.set()
                        await watched.released.wait()
                    watched.opened.append(tenant.slug)
                    try:
                        yield store
                    finally:
                        watched.closed.append(tenant.slug)

        connect: OpenStorage = WatchedStorage.connect
        return Parts(storage=connect)


async def connections(database: asyncpg.Connection) -> int:
    """Count others' connections; a closed one takes a moment to disappear."""
    async with asyncio.timeout(60):
        while True:
            count: int = await database.fetchval(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if count == 0:
                return count
            await asyncio.sleep(0.01)


@pytest.fixture
async def tenants(dsn: str) -> list[str]:
    """Three tenants that exist before the app under test starts."""
    slugs = ["a", "b", "c"]
    async with running(dsn) as app:
        for slug in slugs:
            await app.onboard(slug)
    return slugs


async def test_no_connection_is_left_after_shutdown(
    dsn: str, database: asyncpg.Connection, storage: str
) -> None:
    async with running(dsn, storage=storage) as app:
        a, b = await app.tenant("a"), await app.tenant("b")
        await asyncio.gather(*(client.get("/documents") for client in (a, b) * 4))

    assert await connections(database) == 0


async def test_tenants_close_in_the_reverse_order_of_their_opening(
    dsn: str, tenants: list[str]
) -> None:
    watched = Watched()

    async with running(dsn, watched.parts(), start_concurrency=1):
        assert sorted(watched.opened) == tenants
        assert watched.closed == []

    assert watched.closed == watched.opened[::-1]


async def test_a_start_that_fails_at_its_end_closes_all_that_was_open(
    dsn: str, database: asyncpg.Connection, tenants: list[str]
) -> None:
    watched = Watched()

    def broken(*_: object) -> NoReturn:
        raise RuntimeError("planted")

    parts = replace(watched.parts(), public_cache=broken)
    with pytest.raises(RuntimeError, match="planted"):
        async with running(dsn, parts, start_concurrency=1):
            pass

    assert sorted(watched.opened) == tenants
    assert watched.closed == watched.opened[::-1]
    assert await connections(database) == 0


async def test_a_start_that_is_cancelled_leaves_no_connection(
    dsn: str, database: asyncpg.Connection, tenants: list[str]
) -> None:
    watched = Watched(hanging={"b"})

    async def start() -> None:
        async with running(dsn, watched.parts()):
            pytest.fail("it started")

    starting = asyncio.create_task(start())
    await watched.hangs.wait()
    await until(lambda: sorted(watched.opened) == ["a", "c"])
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting

    assert sorted(watched.closed) == ["a", "c"]
    assert await connections(database) == 0


@pytest.mark.parametrize(
    "watched",
    [
        pytest.param(Watched(failing={"b"}), id="fails"),
        pytest.param(Watched(hanging={"b"}), id="hangs"),
    ],
)
async def test_a_tenant_that_does_not_open_is_503_and_the_others_are_served(
    dsn: str, tenants: list[str], watched: Watched
) -> None:
    async with running(dsn, watched.parts(), tenant_deadline=0.5) as app:
        refused = await app.send("GET", "/plans", host="b.localhost")
        a, c = await app.log_in("a"), await app.log_in("c")

        assert refused.status_code == 503
        assert refused.json()["type"] == "urn:problem:tenant-not-ready"
        assert 1 <= int(refused.headers["retry-after"]) <= 5
        for client in (a, c):
            assert (await client.get("/documents")).status_code == 200
        assert (await app.send("GET", "/readyz")).json()["tenants"] == 2


async def test_a_tenant_that_failed_is_tried_again_when_it_may_be(
    dsn: str, tenants: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(failing={"b"})
    async with running(dsn, watched.parts(), retry_after=600) as app:
        watched.failing.clear()
        too_early = await app.send("GET", "/plans", host="b.localhost")
        # As if the ten minutes had passed.
        rest(app.state["resources"].tenants, 600)
        later = await app.send("GET", "/plans", host="b.localhost")

        assert (too_early.status_code, later.status_code) == (503, 200)


async def test_first_requests_at_the_same_time_open_a_tenant_once(dsn: str) -> None:
    watched = Watched()
    async with running(dsn, watched.parts()) as here, running(dsn) as there:
        await there.onboard("late")

        answers = await asyncio.gather(
            *(here.send("GET", "/plans", host="late.localhost") for _ in range(8))
        )

        assert {answer.status_code for answer in answers} == {200}
        assert watched.opened == ["late"]


async def test_opening_goes_on_if_the_client_that_asked_for_it_leaves(
    dsn: str,
) -> None:
    watched = Watched(hanging={"late"})
    async with running(dsn, watched.parts()) as here, running(dsn) as there:
        await there.onboard("late")
        asking = asyncio.create_task(here.send("GET", "/plans", host="late.localhost"))
        await watched.hangs.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        watched.released.set()

        answer = await here.send("GET", "/plans", host="late.localhost")

        assert answer.status_code == 200
        assert watched.opened == ["late"]


async def test_start_up_opens_no_more_tenants_at_once_than_it_may(
    dsn: str, tenants: list[str]
) -> None:
    watched = Watched()

    async with running(dsn, watched.parts(), start_concurrency=2):
        pass

    assert watched.most_at_once == 2


async def test_start_up_loads_configuration_and_flags(
    dsn: str, database: asyncpg.Connection
) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a")
        await a.put("/configuration", {"greeting": "hi"})
        await a.put("/flags/beta", {"enabled": True})

    async with running(dsn, cache_lifetime=600) as app:
        await database.execute("UPDATE control.tenants SET configuration = '{}'")
        await database.execute("DELETE FROM tenant_a.flags")
        a = await app.log_in("a")

        assert (await a.get("/configuration")).json()["greeting"] == "hi"
        assert [flag["name"] for flag in (await a.get("/flags")).json()] == ["beta"]


async def test_without_its_lifespan_the_app_says_so(dsn: str) -> None:
    app = create_app(settings_for(dsn))

    with pytest.raises(RuntimeError, match="lifespan"):
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://acme.localhost"
        ) as client:
            await client.get("/plans")
