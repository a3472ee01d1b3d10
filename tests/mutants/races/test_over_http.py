"""The same through the whole app: an opening that waits at a lock in Postgres."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
import httpx
import pytest

from reference_app.tenants.open_tenants import OpenTenants
from reference_app.tenants.opening import Opening
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant
from tests.mutants.held_table import held_table
from tests.mutants.races.gated import APP, quiet
from tests.mutants.races.test_first_use import RIGHT
from tests.mutants.variants import APP as FACTORY
from tests.mutants.variants import Serve, Variant, find
from tests.reference_app.running import RunningApp

COLD = "tenant_a.flags"
"""What opening a tenant reads."""


@dataclass
class Seen:
    """What a test has seen of the app from outside.

    Attributes:
        openings: How often each tenant was begun to be opened.
        asked: How often each was asked for by a request.
    """

    openings: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)

    async def requests(self, slug: str, times: int) -> None:
        """Wait until so many requests have found their tenant, and wait for it."""
        async with asyncio.timeout(60):
            while self.asked[slug] < times:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.001)
        await quiet()


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Watch the app's initialiser, and who asks for it."""
    found, right_open, right_lease = Seen(), Opening.open, OpenTenants.lease

    @asynccontextmanager
    async def opening(self: Opening, tenant: Tenant) -> AsyncIterator[TenantRuntime]:
        found.openings[tenant.slug] += 1
        async with right_open(self, tenant) as runtime:
            yield runtime

    @asynccontextmanager
    async def lease(self: OpenTenants, tenant: Tenant) -> AsyncIterator[TenantRuntime]:
        found.asked[tenant.slug] += 1
        async with right_lease(self, tenant) as runtime:
            yield runtime

    monkeypatch.setattr(Opening, "open", opening)
    monkeypatch.setattr(OpenTenants, "lease", lease)
    return found


def variant_of(name: str) -> Variant:
    if name == APP:
        return Variant(FACTORY, False).having(strategy="lazy")
    found = find(name)
    return Variant(found.app, not found.harmless, found.environment)


@asynccontextmanager
async def cold(serve: Serve, name: str, seen: Seen) -> AsyncIterator[RunningApp]:
    """Serve a variant in which nobody has asked for its two tenants yet."""
    async with serve(variant_of(APP)) as app:
        await app.tenant("a")
        await app.tenant("b")
    seen.openings.clear()
    seen.asked.clear()
    async with asyncio.timeout(60), serve(variant_of(name)) as app:
        assert not seen.openings
        yield app


def ask(app: RunningApp, slug: str) -> asyncio.Task[httpx.Response]:
    """Have anybody ask a tenant for something that needs no log-in."""
    return asyncio.create_task(app.send("GET", "/plans", host=f"{slug}.localhost"))


async def outcomes(*requests: asyncio.Task[httpx.Response]) -> list[str]:
    """Return each request's status, or the error that the app ended with."""
    answers = await asyncio.gather(*requests, return_exceptions=True)
    return [
        str(one.status_code) if isinstance(one, httpx.Response) else type(one).__name__
        for one in answers
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("set-after-opening", ["200", "200", 2]),
        ("lock-let-go", ["200", "200", 2]),
        ("second-check-missing", ["200", "200", 2]),
        ("half-open-published", ["200", "NotOpen", 1]),
        ("told-before-stored", ["200", "503", 1]),
        *((name, ["200", "200", 1]) for name in (APP, *RIGHT, "few-pools")),
    ],
)
async def test_two_first_requests_at_once(
    serve: Serve,
    name: str,
    expected: list[str | int],
    database: asyncpg.Connection,
    seen: Seen,
) -> None:
    async with cold(serve, name, seen) as app:
        async with held_table(database, COLD) as wanted:
            first = ask(app, "a")
            await wanted()
            second = ask(app, "a")
            await seen.requests("a", 2)

        assert [*await outcomes(first, second), seen.openings["a"]] == expected
        assert await outcomes(ask(app, "a")) == ["200"]
        assert seen.openings["a"] == expected[-1]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("left-by-the-cancelled", ["CancelledError", "waits", "waits"]),
        ("task-not-shielded", ["CancelledError", "CancelledError", "200"]),
        *((name, ["CancelledError", "200", "200"]) for name in (APP, *RIGHT)),
    ],
)
async def test_the_first_of_two_leaves(
    serve: Serve,
    name: str,
    expected: list[str],
    database: asyncpg.Connection,
    seen: Seen,
) -> None:
    async with cold(serve, name, seen) as app:
        async with held_table(database, COLD) as wanted:
            first = ask(app, "a")
            await wanted()
            second = ask(app, "a")
            await seen.requests("a", 2)
            first.cancel()
            await asyncio.wait([first])
        tenants = app.state["resources"].tenants
        async with asyncio.timeout(60):
            while tenants.counts().get("open", 0) < 1:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.001)
        third = ask(app, "a")
        await (seen.requests("a", 3) if expected[2] == "waits" else third)

        if expected[1] != "waits":
            await asyncio.wait([second])
        requests = (first, second, third)
        ended = [one for one in requests if one.done()]
        waiting = [one for one in requests if not one.done()]
        told = dict(zip(ended, await outcomes(*ended), strict=True))
        assert [told.get(one, "waits") for one in requests] == expected
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
