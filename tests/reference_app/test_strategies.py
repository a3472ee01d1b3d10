"""Whom a real start opens, by last use; what idles closes; the operator sees it all."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from reference_app.tenants.start_up import StartUpFailed
from tests.reference_app.running import OPERATOR, RunningApp, running
from tests.reference_app.test_lifecycle import Watched, connections
from tests.reference_app.test_open_tenants import rest
from tests.waiting import until


@pytest.fixture
async def tenants(dsn: str) -> list[str]:
    """Four tenants; c was used last, then a; the others never."""
    slugs = ["a", "b", "c", "d"]
    async with running(dsn) as app:
        for slug in slugs:
            await app.onboard(slug)
        for slug in ("a", "c"):
            await app.send("GET", "/plans", host=f"{slug}.localhost")
    return slugs


async def readiness(app: RunningApp, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = (await app.send("GET", "/readyz", **more)).json()
    return answer


async def test_a_warm_start_opens_those_who_were_used_last_and_the_rest_on_use(
    dsn: str, tenants: list[str]
) -> None:
    watched = Watched()
    warm = {"strategy": "warm", "warm_share": 0.5, "start_concurrency": 1}
    async with running(dsn, watched.parts(), **warm) as app:
        assert watched.opened == ["c", "a"]

        late = await app.send("GET", "/plans", host="b.localhost")

        assert late.status_code == 200
        assert watched.opened == ["c", "a", "b"]


async def test_a_lazy_start_opens_nobody(dsn: str, tenants: list[str]) -> None:
    watched = Watched()
    async with running(dsn, watched.parts(), strategy="lazy") as app:
        assert watched.opened == []
        assert (await readiness(app))["tenants"] == 0

        answers = await asyncio.gather(
            *(
                app.send("GET", "/plans", host=f"{slug}.localhost")
                for slug in tenants * 3
            )
        )

        assert {answer.status_code for answer in answers} == {200}
        assert sorted(watched.opened) == tenants


async def test_a_strict_start_fails_by_name_and_leaves_nothing(
    dsn: str, database: asyncpg.Connection, tenants: list[str]
) -> None:
    watched = Watched(failing={"b"})

    with pytest.raises(StartUpFailed, match=r"^b of 4 tenants did not open"):
        async with running(dsn, watched.parts(), policy="strict"):
            pass

    assert sorted(watched.closed) == sorted(watched.opened)
    assert await connections(database) == 0


async def test_idle_tenants_close_by_themselves_and_open_again_on_use(
    dsn: str, tenants: list[str]
) -> None:
    watched = Watched()
    soon = {"idle_timeout": 0.001, "housekeeping_interval": 0.01}
    async with running(dsn, watched.parts(), **soon) as app:
        await until(lambda: len(watched.closed) >= len(tenants))

        answer = await app.send("GET", "/plans", host="a.localhost")

        assert answer.status_code == 200
        assert watched.opened.count("a") >= 2


async def test_last_use_is_written_at_the_end_if_not_before(
    dsn: str, database: asyncpg.Connection, tenants: list[str]
) -> None:
    rows = await database.fetch(
        "SELECT slug FROM control.tenants WHERE last_used_at IS NOT NULL "
        "ORDER BY last_used_at DESC"
    )

    assert [row["slug"] for row in rows][:2] == ["c", "a"]


async def test_only_the_operator_sees_which_tenant_stands_how(
    dsn: str, tenants: list[str]
) -> None:
    watched = Watched(failing={"b"})
    async with running(dsn, watched.parts()) as app:
        everybody = await readiness(app)
        a_member = await readiness(app, token=(await app.log_in("a")).token)
        operator = await readiness(app, token=OPERATOR)

        assert everybody["states"] == {"open": 3, "failed": 1}
        assert everybody == a_member
        assert "detail" not in everybody
        assert {one["slug"]: one["state"] for one in operator["detail"]} == {
            "a": "open",
            "b": "failed",
            "c": "open",
            "d": "open",
        }
        told = {one["slug"]: one for one in operator["detail"]}
        assert told["a"] == {"slug": "a", "state": "open"}
        assert told["b"]["failure"] == "OSError"
        assert "planted" not in str(operator)


async def test_the_operator_is_told_when_a_tenant_may_be_tried_again(
    dsn: str, tenants: list[str]
) -> None:
    watched = Watched(failing={"b"})
    async with running(dsn, watched.parts(), retry_after=600) as app:
        rest(app.state["resources"].tenants, 500)
        soon = await readiness(app, token=OPERATOR)
        rest(app.state["resources"].tenants, 500)
        now = await readiness(app, token=OPERATOR)

    assert 0 < retry_in(soon, "b") <= 100
    assert retry_in(now, "b") == 0


def retry_in(readiness: dict[str, Any], slug: str) -> int:
    (one,) = (one for one in readiness["detail"] if one["slug"] == slug)
    seconds: int = one["retry_in"]
    return seconds


async def test_far_more_tenants_than_connections_open_and_are_served(
    dsn: str, database: asyncpg.Connection
) -> None:
    async with running(dsn) as app:
        slugs = [f"t{number}" for number in range(30)]
        for slug in slugs:
            await app.onboard(slug)

    few: dict[str, Any] = {
        "connection_budget": 4,
        "tenant_pool_max": 2,
        "shared_pool_max": 3,
    }
    async with running(dsn, **few) as app:
        assert (await readiness(app))["tenants"] == 30

        async def visit(slug: str) -> int:
            client = await app.log_in(slug)
            return (await client.get("/documents")).status_code

        assert await asyncio.gather(*map(visit, slugs)) == [200] * 30
        there = await database.fetchval(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert 2 <= there <= 4 + 3
    assert await connections(database) == 0
