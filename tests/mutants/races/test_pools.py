"""Pools of connections that are opened on use, on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
import pytest

from reference_app.foundation import Foundation, open_foundation
from reference_app.identifiers import quote_identifier
from reference_app.storage.seam import TenantStore
from reference_app.tenants.tenant import Tenant
from tests.mutants.races.gated import cases, parts_of
from tests.reference_app.running import settings_for
from tests.reference_app.stores import Stores

ONE_POOL = {"connection_budget": 4, "tenant_pool_max": 4}
_OF_THE_APP = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'reference_app' "
    "AND datname = current_database()"
)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[asyncpg.Pool]:
    """The pools that were made, whoever has forgotten them."""
    pools: list[asyncpg.Pool] = []
    create_pool = asyncpg.create_pool

    def remember(*arguments: Any, **options: Any) -> asyncpg.Pool:
        pools.append(create_pool(*arguments, **options))
        return pools[-1]

    monkeypatch.setattr(asyncpg, "create_pool", remember)
    return pools


@asynccontextmanager
async def foundation(
    variant: str, dsn: str, **settings: Any
) -> AsyncIterator[Foundation]:
    """Open a variant's storage for a block."""
    async with open_foundation(
        settings_for(dsn, **settings), parts_of(variant)
    ) as base:
        yield base


async def of_two(base: Foundation, stack: AsyncExitStack) -> list[TenantStore]:
    """Make two tenants with a document each, and open them."""
    made = [await Stores(base).onboard(slug) for slug in ("a", "b")]
    for tenant in made:
        await base.control.execute(
            f"INSERT INTO {quote_identifier(tenant.own_schema)}.documents "
            f"(title, body) VALUES ('of {tenant.slug}', '')"
        )
    return [await opened(base, tenant, stack) for tenant in made]


async def opened(
    base: Foundation, tenant: Tenant, stack: AsyncExitStack
) -> TenantStore:
    return await stack.enter_async_context(base.storage.open(tenant))


async def titles(store: TenantStore) -> list[str]:
    async with store.session() as session:
        return [one.title for one in await session.documents.page(limit=9, offset=0)]


async def connections(database: asyncpg.Connection, expected: int) -> int:
    """Return how many the app has, once they are as expected or do not get fewer."""
    async with asyncio.timeout(10):
        while True:
            count = int(await database.fetchval(_OF_THE_APP))
            if count <= expected:
                return count
            await asyncio.sleep(0.01)


@cases("used-pool-cut-off", right=("few-pools",))
async def test_a_pool_is_cut_off_while_a_request_uses_it(
    variant: str, wrong: bool, dsn: str
) -> None:
    async with foundation(variant, dsn, **ONE_POOL) as base, AsyncExitStack() as stack:
        a, b = await of_two(base, stack)
        assert await titles(a) == ["of a"]  # one after another, all is well
        assert await titles(b) == ["of b"]

        answer: object = None
        try:
            async with a.session() as session:
                assert await session.documents.count() == 1
                assert await titles(b) == ["of b"]
                answer = await session.documents.count()
        except (asyncpg.InterfaceError, asyncpg.PostgresError, OSError) as error:
            answer = error

        assert isinstance(answer, Exception) is wrong
        assert await titles(a) == ["of a"]


@cases("pool-opened-twice", right=("few-pools",))
async def test_a_second_pool_is_opened_and_never_closed(
    variant: str,
    wrong: bool,
    dsn: str,
    database: asyncpg.Connection,
    made: list[asyncpg.Pool],
) -> None:
    async with foundation(variant, dsn) as base, AsyncExitStack() as stack:
        a, _ = await of_two(base, stack)

        # Connecting takes its time: the second looks before the first is through.
        found = await asyncio.gather(titles(a), titles(a))

        assert tuple(found) == (["of a"], ["of a"])
    try:
        if variant != "app":
            assert len(made) == (2 if wrong else 1)
        assert await connections(database, 1 if wrong else 0) == (1 if wrong else 0)
    finally:
        for pool in made:
            pool.terminate()


@cases("pool-opened-twice", right=("few-pools",))
async def test_one_after_another_finds_the_first_one_s_pool(
    variant: str, wrong: bool, dsn: str, database: asyncpg.Connection
) -> None:
    async with foundation(variant, dsn, **ONE_POOL) as base, AsyncExitStack() as stack:
        a, b = await of_two(base, stack)
        for _ in range(2):
            assert await titles(a) == ["of a"]
            assert await titles(b) == ["of b"]
    assert await connections(database, 0) == 0


@cases("pools-of-a-failed-start", right=("few-pools",))
async def test_a_start_that_fails_or_is_cancelled_leaves_pools(
    variant: str,
    wrong: bool,
    dsn: str,
    database: asyncpg.Connection,
    made: list[asyncpg.Pool],
) -> None:
    async def start(slug: str, end: BaseException) -> None:
        async with foundation(variant, dsn) as base, AsyncExitStack() as stack:
            store = await opened(base, await Stores(base).onboard(slug), stack)
            assert await titles(store) == []
            raise end

    left = 1 if wrong else 0
    for slug, end in (("a", OSError()), ("b", asyncio.CancelledError())):
        with pytest.raises(type(end)):
            await start(slug, end)
        try:
            assert await connections(database, left) == left
        finally:
            for pool in made:
                pool.terminate()
        assert await connections(database, 0) == 0


@cases("current-tenant-of-all", right=("one-pool",))
async def test_a_session_is_pointed_at_who_came_last(
    variant: str, wrong: bool, dsn: str
) -> None:
    async with foundation(variant, dsn) as base, AsyncExitStack() as stack:
        a, b = await of_two(base, stack)

        # Each has a connection made, and others run meanwhile.
        found = await asyncio.gather(titles(a), titles(b))

        assert tuple(found) == (["of b" if wrong else "of a"], ["of b"])
        assert await titles(a) == ["of a"]
        assert await titles(b) == ["of b"]
