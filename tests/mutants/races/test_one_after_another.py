"""While requests come one after another no variant shows anything wrong."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest

from reference_app.mutants.catalogue import RACES, Mutant
from tests.mutants.races.test_pools import connections
from tests.mutants.variants import Serve, Variant
from tests.reference_app.running import OPERATOR, RunningApp, TenantClient


class OneByOne(RunningApp):
    """Sends a request when what the last one has left to do is done, too."""

    async def send(self, *arguments: Any, **more: Any) -> httpx.Response:
        response = await super().send(*arguments, **more)
        tasks = self.state["resources"].jobs._tasks.values()
        running = {task for of_tenant in tasks for task in of_tenant}
        if running:
            await asyncio.wait(running)
        return response


async def seen(client: TenantClient) -> tuple[list[str], list[str]]:
    """Return the titles and flags that a tenant sees."""
    documents, flags = await client.get("/documents"), await client.get("/flags")
    assert (documents.status_code, flags.status_code) == (200, 200)
    return (
        [one["title"] for one in documents.json()["items"]],
        [one["name"] for one in flags.json() if one["enabled"]],
    )


async def operate(app: RunningApp, method: str, path: str, **body: Any) -> None:
    answer = await app.send(method, f"/admin/tenants{path}", token=OPERATOR, **body)
    assert answer.status_code < 300, answer.text


async def use(app: RunningApp) -> None:
    """Do what can be done, one thing at a time."""
    a, b = await app.tenant("a"), await app.tenant("b")
    assert (await app.onboard("a")).status_code == 409
    for slug, client in (("a", a), ("b", b), ("a", a)):
        await client.write(f"of {slug}")
        await client.put(f"/flags/{slug}", {"enabled": True})
    assert await seen(a) == (["of a", "of a"], ["a"])
    assert await seen(b) == (["of b"], ["b"])

    await operate(app, "PUT", "/a/domains", json={"domains": ["shop.example"]})
    assert (await app.send("GET", "/plans", host="shop.example")).status_code == 200
    rotation = {"provider_key": "sk-ant-another-key"}
    await operate(app, "POST", "/a/keys/rotate", json=rotation)
    assert (await a.get("/documents")).status_code == 401
    a = await app.log_in("a")
    assert await seen(a) == (["of a", "of a"], ["a"])

    moved = {"domains": ["shop.example"], "move_from": "a"}
    await operate(app, "PUT", "/b/domains", json=moved)
    b_there = TenantClient(app, "shop.example", b.token)
    assert await seen(b_there) == (["of b"], ["b"])
    await operate(app, "DELETE", "/b")
    assert (await b.get("/documents")).status_code == 404
    assert await seen(a) == (["of a", "of a"], ["a"])
    states = app.state["resources"].tenants.states()
    assert [tenant.slug for tenant, _ in states if tenant.slug != "a"] == []


@pytest.mark.parametrize("mutant", RACES, ids=lambda one: one.name)
async def test_all_is_well(
    serve: Serve, mutant: Mutant, database: asyncpg.Connection
) -> None:
    variant = Variant(mutant.app, not mutant.harmless, mutant.environment)
    async with asyncio.timeout(60):
        async with serve(variant) as app:
            await use(OneByOne(app.app, app.state))
        async with serve(variant) as app:
            a = await OneByOne(app.app, app.state).log_in("a")
            assert await seen(a) == (["of a", "of a"], ["a"])

    assert await connections(database, 0) == 0
