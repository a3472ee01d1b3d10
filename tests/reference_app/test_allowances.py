"""What was taken of a limit is remembered: by the next runtime, and by the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import get_args
from uuid import UUID

import asyncpg
import pytest

from reference_app.limits.allowances import Allowances
from reference_app.limits.rate_limits import LimitReached, Members, RateLimits, Rates
from reference_app.resources import Resources
from reference_app.settings import StorageName
from tests.reference_app.running import OPERATOR, RunningApp, TenantClient, running
from tests.waiting import until

RATES = Rates(tenant=60_000, member=6_000)
TAKEN = 3_000
"""Requests that come back in 30 seconds, to a member."""
LIMIT = {"member_requests_per_minute": 30}
"""Two seconds for each request to come back: a slow machine changes little."""


def of(app: RunningApp) -> Resources:
    resources: Resources = app.state["resources"]
    return resources


@asynccontextmanager
async def two_tenants(dsn: str) -> AsyncIterator[tuple[Allowances, UUID, UUID]]:
    async with running(dsn) as app:
        ids = [UUID((await app.onboard(slug)).json()["id"]) for slug in "ab"]
        yield Allowances(of(app).control), ids[0], ids[1]


def used(requests: int, member_id: int | None = 1) -> RateLimits:
    limits = RateLimits(RATES)
    for _ in range(requests):
        limits.take(member_id)
    return limits


def about(seconds: float) -> object:
    """Return what equals so many seconds, of which some have passed."""
    return pytest.approx(seconds - 5, abs=5)


async def remaining(client: TenantClient) -> int:
    return int((await client.get("/usage")).json()["requests"]["remaining"])


async def use(client: TenantClient, times: int) -> None:
    for _ in range(times):
        assert (await client.get("/documents/count")).status_code == 200


@pytest.mark.parametrize("storage", get_args(StorageName))
async def test_a_restart_is_no_new_allowance(dsn: str, storage: str) -> None:
    async with running(dsn, storage=storage) as app:
        a, b = await app.tenant("a", **LIMIT), await app.tenant("b", **LIMIT)
        await use(a, 25)

    async with running(dsn, storage=storage) as app:
        tokens = {"a": a.token, "b": b.token}
        again = {slug: again_as(app, slug, token) for slug, token in tokens.items()}

        assert 4 <= await remaining(again["a"]) <= 20
        assert await remaining(again["b"]) == 29


def again_as(app: RunningApp, slug: str, token: str) -> TenantClient:
    return TenantClient(app, f"{slug}.localhost", token)


async def test_who_is_not_logged_in_has_no_new_allowance_either(dsn: str) -> None:
    async with running(dsn) as app:
        await app.onboard("a", **LIMIT)
        for _ in range(25):
            await app.send("GET", "/plans", host="a.localhost")

    async with running(dsn) as app:
        answer = await app.send("GET", "/plans", host="a.localhost")

        assert answer.status_code == 200
        a = of(app).tenants.runtimes()
        (limits,) = (runtime.limits for runtime in a.values())
        assert 4 <= limits.standing(None).remaining <= 20
        assert limits.standing(7).remaining == 30


async def test_a_tenant_that_was_idle_and_closed_has_no_new_allowance(
    dsn: str,
) -> None:
    async with running(dsn, idle_timeout=0.001, housekeeping_interval=0.01) as app:
        a = await app.tenant("a", **LIMIT)
        await use(a, 25)
        await until(lambda: of(app).tenants.counts()["closed"] == 1)

        assert 4 <= await remaining(a) <= 20


async def test_a_key_that_is_rotated_is_no_new_allowance(dsn: str) -> None:
    async with running(dsn) as app:
        a = await app.tenant("a", **LIMIT)
        await use(a, 25)
        rotated = await app.send(
            "POST",
            "/admin/tenants/a/keys/rotate",
            token=OPERATOR,
            json={"grace_seconds": 60, "provider_key": "sk-new-account"},
        )

        assert rotated.status_code == 200, rotated.text
        assert 4 <= await remaining(a) <= 20


async def test_processes_share_what_is_left(dsn: str) -> None:
    async with (
        running(dsn, housekeeping_interval=0.01) as here,
        running(dsn, housekeeping_interval=0.01) as elsewhere,
    ):
        a = await here.tenant("a", **LIMIT)
        as_a = again_as(elsewhere, "a", a.token)
        await use(as_a, 1)  # so that it is open there too, with buckets of its own
        await use(a, 20)

        left = [30]
        async with asyncio.timeout(60):
            while left[-1] > 15:  # it hears of them when it next writes itself
                left.append(await remaining(as_a))

        assert len(left) < 15, "it has used them up itself"


async def test_what_several_processes_let_through_adds_up(dsn: str) -> None:
    async with two_tenants(dsn) as (allowances, a, b):
        first, second, fresh = used(TAKEN // 2), used(TAKEN // 2), RateLimits(RATES)

        for limits in (first, second):
            await allowances.exchange({a: limits, b: fresh})

        assert await allowances.load(a) == {"1": about(30), "tenant": about(3)}
        assert await allowances.load(b) == {}
        assert second.standing(1).remaining == pytest.approx(3_250, abs=250)


async def test_what_is_owed_beyond_the_limit_is_waited_for(dsn: str) -> None:
    async with two_tenants(dsn) as (allowances, a, _):
        for _ in range(2):
            await allowances.exchange({a: used(6_000)})

        limits = RateLimits(RATES)
        limits.load(await allowances.load(a))
        with pytest.raises(LimitReached) as reached:
            limits.take(1)

        assert reached.value.standing.remaining == 0
        assert 50 <= reached.value.standing.retry_after <= 61


async def test_nothing_is_written_twice(dsn: str) -> None:
    async with two_tenants(dsn) as (allowances, a, _):
        limits = used(TAKEN)

        await asyncio.gather(*(allowances.exchange({a: limits}) for _ in range(5)))

        assert await allowances.load(a) == {"1": about(30), "tenant": about(3)}
        assert limits.standing(1).remaining == pytest.approx(3_250, abs=250)


async def test_what_is_taken_while_it_is_written_is_written_next(dsn: str) -> None:
    async with two_tenants(dsn) as (allowances, a, _):
        limits = used(TAKEN)
        writing = asyncio.create_task(allowances.exchange({a: limits}))
        await asyncio.sleep(0)  # it has looked, and waits for the database
        for _ in range(1_000):
            limits.take(1)
        await writing

        assert limits.unwritten()["1"].requests == 1_000
        await allowances.exchange({a: limits})
        assert (await allowances.load(a))["1"] == about(40)


async def test_who_has_left_keeps_nobody_elses_from_being_written(dsn: str) -> None:
    async with two_tenants(dsn) as (allowances, a, b):
        gone = UUID(int=1)

        await allowances.exchange({gone: used(5), a: used(TAKEN), b: used(TAKEN)})

        assert (await allowances.load(a))["1"] == about(30)
        assert (await allowances.load(b))["1"] == about(30)
        assert await allowances.load(gone) == {}


async def test_what_could_not_be_written_is_written_the_next_time(
    dsn: str, database: asyncpg.Connection
) -> None:
    async with two_tenants(dsn) as (allowances, a, _):
        limits = used(TAKEN)
        await database.execute("ALTER TABLE control.allowances RENAME TO away")
        with pytest.raises(asyncpg.UndefinedTableError):
            await allowances.exchange({a: limits})
        await database.execute("ALTER TABLE control.away RENAME TO allowances")

        await allowances.exchange({a: limits})

        assert await allowances.load(a) == {"1": about(30), "tenant": about(3)}


async def test_what_is_full_again_is_no_row_and_no_memory(
    dsn: str, database: asyncpg.Connection
) -> None:
    async with two_tenants(dsn) as (allowances, a, b):
        kept: Members = {}
        limits = RateLimits(RATES, members=kept)
        for number in range(10):
            limits.standing(number)
        limits.take(1)
        await database.execute(
            "INSERT INTO control.allowances "
            "VALUES ($1, '7', now() - interval '1 second', '1 second')",
            b,
        )

        await allowances.exchange({a: limits})

        assert set(kept) <= {1}
        assert (
            await database.fetch(
                "SELECT bucket FROM control.allowances WHERE bucket = '7'"
            )
            == []
        )


async def test_a_tenant_takes_its_rows_along_when_it_leaves(
    dsn: str, database: asyncpg.Connection
) -> None:
    async with running(dsn) as app:
        a, b = await app.tenant("a", **LIMIT), await app.tenant("b", **LIMIT)
        await use(a, 3)
        await use(b, 3)
        left = await app.send("DELETE", "/admin/tenants/a", token=OPERATOR)
        assert left.status_code == 204, left.text

    slugs = await database.fetch(
        "SELECT DISTINCT slug FROM control.allowances "
        "LEFT JOIN control.tenants ON id = tenant_id"
    )
    assert [row["slug"] for row in slugs] == ["b"]
