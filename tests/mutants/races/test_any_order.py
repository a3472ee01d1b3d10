"""Look-alikes are right in whatever order things happen; some hundreds are tried."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from reference_app.tenants.open_tenants import NotReady, OpenTenants
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.tenant import Tenant
from tests.mutants.races.gated import APP, Opener, quiet, registry
from tests.mutants.races.test_first_use import RIGHT
from tests.reference_app.test_open_tenants import tenant


@dataclass
class SlowOpener(Opener):
    """Takes some turns to open and to close, and fails now and then."""

    chance: random.Random = random.Random()  # noqa: RUF009 - each test gives its own

    @asynccontextmanager
    async def open(self, tenant: Tenant) -> AsyncIterator[TenantRuntime]:
        await self._turns()
        if self.chance.random() < 0.1:
            raise OSError("planted")
        async with super().open(tenant) as runtime:
            await self._turns()
            try:
                yield runtime
            finally:
                await self._turns()

    async def _turns(self) -> None:
        for _ in range(self.chance.randrange(4)):
            await asyncio.sleep(0)


async def request(tenants: OpenTenants, who: Tenant, turns: int) -> str:
    try:
        async with tenants.lease(who):
            for _ in range(turns):
                await asyncio.sleep(0)
    except NotReady:
        return "refused"
    return "served"


async def act(
    tenants: OpenTenants, chance: random.Random, tasks: list[asyncio.Task[str]]
) -> None:
    """Let one thing happen: a request, a client that leaves, a reload, an end."""
    number, revision = chance.randrange(1, 3), chance.randrange(3)
    who = tenant(number, revision)
    match chance.randrange(8):
        case 0 if tasks:
            chance.choice(tasks).cancel()
        case 1:
            tenants.notice(who)
        case 2:
            tenants.close_idle()
        case 3:
            await tenants.close(who.id)
        case _:
            asked = request(tenants, who, chance.randrange(4))
            tasks.append(asyncio.create_task(asked))
    for _ in range(chance.randrange(4)):
        await asyncio.sleep(0)


async def fault(variant: str, seed: int) -> str:
    """Let some things happen, and return what went wrong, if anything did."""
    chance = random.Random(seed)
    opener, tasks = SlowOpener(chance=chance), list[asyncio.Task[str]]()
    async with asyncio.timeout(60):
        async with registry(variant, opener, idle_timeout=1e-9) as tenants:
            for _ in range(30):
                await act(tenants, chance, tasks)
            if chance.random() < 0.5:
                await asyncio.wait(tasks)
        await quiet()
    if not all(task.done() for task in tasks):
        return "a request waits"
    if any(task.exception() for task in tasks if not task.cancelled()):
        return "a request failed"
    if max(opener.most.values(), default=0) > 1:
        return "two open at a time"
    return "left open" if +opener.open_now else ""


@pytest.mark.parametrize("variant", [APP, *RIGHT])
async def test_one_at_a_time_is_open_and_in_the_end_none(variant: str) -> None:
    assert {
        seed: told for seed in range(100) if (told := await fault(variant, seed))
    } == {}


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        ("set-after-opening", "two open at a time"),
        ("lock-let-go", "two open at a time"),
        ("second-check-missing", "two open at a time"),
        ("forgotten-before-closed", "two open at a time"),
        ("half-open-published", "a request failed"),
    ],
)
async def test_the_same_shows_what_is_wrong(variant: str, expected: str) -> None:
    told = [await fault(variant, seed) for seed in range(20)]

    assert expected in told
