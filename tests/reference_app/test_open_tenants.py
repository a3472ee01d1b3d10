"""A tenant's runtime opens once, is kept while it is used, and closes once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import pytest
import structlog
from structlog.stdlib import BoundLogger
from structlog.testing import capture_logs

from reference_app.ai.context import ModelContext
from reference_app.limits.allowances import Allowances
from reference_app.limits.rate_limits import RateLimits, Rates
from reference_app.settings import Settings
from reference_app.storage.seam import TenantStore
from reference_app.tenants.directory import TenantDirectory
from reference_app.tenants.housekeeping import Housekeeping
from reference_app.tenants.open_tenants import NotReady, OpenTenants
from reference_app.tenants.runtime import TenantRuntime
from reference_app.tenants.start_up import StartUpFailed, start_up
from reference_app.tenants.tenant import Tenant
from tests.reference_app.running import settings_for


def tenant(number: int, revision: int = 0) -> Tenant:
    return Tenant(UUID(int=number), f"t{number}", "", "active", None, None, revision)


A, B, C = tenant(1), tenant(2), tenant(3)


@dataclass
class Opener:
    """Opens runtimes when it is let, and counts."""

    events: list[tuple[str, str]] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    hanging: set[str] = field(default_factory=set)
    open_now: set[str] = field(default_factory=set)
    may_close: asyncio.Event = field(default_factory=asyncio.Event)
    most_at_once: int = 0
    opening: int = 0

    def __post_init__(self) -> None:
        self.may_close.set()

    @asynccontextmanager
    async def open(self, tenant: Tenant) -> AsyncIterator[TenantRuntime]:
        assert tenant.slug not in self.open_now, "opened while it was open"
        self.events.append(("opening", tenant.slug))
        self.opening += 1
        self.most_at_once = max(self.most_at_once, self.opening)
        try:
            if tenant.slug in self.hanging:
                await asyncio.Event().wait()
            await asyncio.sleep(0)
            if tenant.slug in self.failing:
                raise OSError("planted")
        finally:
            self.opening -= 1
        self.open_now.add(tenant.slug)
        self.events.append(("open", tenant.slug))
        try:
            yield TenantRuntime(NO_STORE, NO_CONTEXT, RateLimits(RATES))
        finally:
            await self.may_close.wait()
            self.open_now.remove(tenant.slug)
            self.events.append(("closed", tenant.slug))

    def count(self, kind: str, slug: str) -> int:
        return self.events.count((kind, slug))


class NoStore:
    def session(self) -> Any:
        raise NotImplementedError


NO_STORE: TenantStore = NoStore()
NO_CONTEXT = cast("ModelContext", None)  # nothing here asks it anything
RATES = Rates(tenant=60_000, member=60_000)


def logger() -> BoundLogger:
    quiet = logging.getLogger("quiet")
    quiet.setLevel(logging.CRITICAL)
    wrapped: BoundLogger = structlog.wrap_logger(
        quiet,
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=BoundLogger,
    )
    return wrapped


def opened(opener: Opener, **settings: Any) -> OpenTenants:
    return OpenTenants(some(**settings), opener.open, logger())


def some(**settings: Any) -> Settings:
    return settings_for("postgresql://nowhere", **settings)


def rest(tenants: OpenTenants, seconds: float) -> None:
    """Make it as if so many seconds had passed since what failed has failed."""
    for _, kept in tenants._kept.values():
        if kept.ended_at is not None:
            kept.ended_at -= seconds


async def turns(condition: Callable[[], bool]) -> None:
    """Let others run until something is so."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - whatever the condition is
            await asyncio.sleep(0)


async def test_many_at_once_open_a_tenant_once() -> None:
    opener = Opener()
    async with opened(opener) as tenants:
        found = await asyncio.gather(*(tenants.ready(A) for _ in range(20)))

        assert len({id(runtime) for runtime in found}) == 1
        assert opener.count("opening", "t1") == 1


async def test_one_that_opens_slowly_holds_nobody_else_up() -> None:
    opener = Opener(hanging={"t1"})
    async with opened(opener) as tenants:
        slow = asyncio.create_task(tenants.ready(A))
        await turns(lambda: opener.count("opening", "t1") == 1)

        await tenants.ready(B)

        assert not slow.done()
    await asyncio.wait([slow])


@pytest.mark.parametrize("steps", range(8))
async def test_whoever_leaves_whenever_spoils_nothing(steps: int) -> None:
    opener = Opener()
    async with opened(opener) as tenants:

        async def use() -> None:
            async with tenants.lease(A):
                await asyncio.sleep(0)

        first, second = asyncio.create_task(use()), asyncio.create_task(use())
        for _ in range(steps):
            await asyncio.sleep(0)
        first.cancel()
        await second

        assert opener.count("opening", "t1") == 1
        await tenants.close(A.id)  # would wait for a lease that was not given back
        assert opener.open_now == set()


async def test_all_who_wait_are_told_of_a_failure_and_it_is_left_alone() -> None:
    opener = Opener(failing={"t1"})
    async with opened(opener, retry_after=7) as tenants:
        answers = await asyncio.gather(
            *(tenants.ready(A) for _ in range(3)), return_exceptions=True
        )
        with pytest.raises(NotReady) as later:
            await tenants.ready(A)

        assert [type(answer) for answer in answers] == [NotReady] * 3
        assert later.value.retry_after == 7
        assert opener.count("opening", "t1") == 1
        assert tenants.counts() == {"failed": 1}


async def test_a_failure_is_tried_again_after_its_rest() -> None:
    opener = Opener(failing={"t1"})
    async with opened(opener, retry_after=5) as tenants:
        with pytest.raises(NotReady):
            await tenants.ready(A)
        opener.failing.clear()
        rest(tenants, 5)

        await asyncio.gather(*(tenants.ready(A) for _ in range(3)))

        assert opener.count("opening", "t1") == 2
        assert tenants.counts() == {"open": 1}


async def test_the_opening_does_not_run_in_the_context_of_who_asked() -> None:
    opener = Opener()
    seen: list[dict[str, Any]] = []

    @asynccontextmanager
    async def look(tenant: Tenant) -> AsyncIterator[TenantRuntime]:
        seen.append(structlog.contextvars.get_contextvars())
        async with opener.open(tenant) as runtime:
            yield runtime

    async with OpenTenants(some(), look, logger()) as tenants:
        with structlog.contextvars.bound_contextvars(tenant="t2", request_id="x"):
            await tenants.ready(A)

    assert seen == [{"tenant": "t1"}]


async def test_what_is_idle_closes_and_opens_again_when_asked_for() -> None:
    opener = Opener()
    async with opened(opener, idle_timeout=1e-9) as tenants:
        await asyncio.gather(*(tenants.ready(one) for one in (A, B)))
        async with tenants.lease(B):
            idle = tenants.close_idle()
            await turns(lambda: opener.count("closed", "t1") == 1)

            assert idle == [A]
            assert opener.open_now == {"t2"}

        await tenants.ready(A)
        assert opener.open_now == {"t1", "t2"}
    assert opener.open_now == set()


async def test_what_was_used_a_moment_ago_is_not_idle() -> None:
    opener = Opener()
    async with opened(opener, idle_timeout=60) as tenants:
        async with tenants.lease(A):
            pass

        assert tenants.close_idle() == []


async def test_who_asks_while_it_closes_gets_a_new_one_after_that() -> None:
    opener = Opener()
    async with opened(opener) as tenants:
        old = await tenants.ready(A)
        opener.may_close.clear()
        closing = asyncio.create_task(tenants.close(A.id))
        await turns(lambda: tenants.counts()["closing"] == 1)
        asked = [asyncio.create_task(tenants.ready(A)) for _ in range(3)]
        for _ in range(5):
            await asyncio.sleep(0)
        assert opener.count("opening", "t1") == 1  # not before the old one is gone

        opener.may_close.set()
        new = await asyncio.gather(*asked)
        await closing

        assert {id(one) for one in new} != {id(old)}
        assert opener.count("opening", "t1") == 2


async def test_closing_waits_for_those_who_use_it_and_tells_them() -> None:
    opener = Opener()
    async with opened(opener) as tenants:
        async with tenants.lease(A) as runtime:
            closing = asyncio.create_task(tenants.close(A.id))
            await runtime.ending.wait()
            for _ in range(5):
                await asyncio.sleep(0)
            assert opener.open_now == {"t1"}
        await closing
        assert opener.open_now == set()


async def test_closing_waits_no_longer_than_it_may() -> None:
    opener = Opener()
    async with opened(opener, close_timeout=0.01) as tenants, tenants.lease(A):
        await tenants.close(A.id)

        assert opener.open_now == set()


async def test_a_newer_revision_is_opened_once_and_an_older_one_never_again() -> None:
    opener = Opener()
    async with opened(opener) as tenants:
        old = await tenants.ready(A)
        callers = (tenant(1, revision) for _ in range(20) for revision in (1, 0, 2))

        found = await asyncio.gather(*(tenants.ready(one) for one in callers))
        later = await asyncio.gather(*(tenants.ready(one) for one in (A, tenant(1, 1))))

        assert found[-1] is not old
        assert {id(one) for one in later} == {id(found[-1])}
        assert opener.count("opening", "t1") == 2
        assert old.ending.is_set()


async def test_who_was_told_of_an_older_revision_opens_the_newest() -> None:
    opener = Opener()
    async with opened(opener) as tenants:
        async with tenants.lease(tenant(1, 5)):
            pass
        tenants._kept[A.id][1].close()

        runtime = await tenants.ready(A)

        assert await tenants.ready(tenant(1, 5)) is runtime


async def test_what_an_opening_leaves_is_cleaned_up_however_many_want_it_closed() -> (
    None
):
    events: list[str] = []

    @asynccontextmanager
    async def slow(tenant: Tenant) -> AsyncIterator[TenantRuntime]:
        try:
            events.append("opening")
            if len(events) == 1:
                await asyncio.Event().wait()
            yield TenantRuntime(NO_STORE, NO_CONTEXT, RateLimits(RATES))
        finally:
            for _ in range(5):
                await asyncio.sleep(0)
            events.append("cleaned up")

    async with OpenTenants(some(), slow, logger()) as tenants:
        first = asyncio.create_task(tenants.ready(A))
        await turns(lambda: events == ["opening"])
        for _ in range(3):
            tenants.notice(tenant(1, 1))
            await asyncio.sleep(0)
        await first

        assert events == ["opening", "cleaned up", "opening"]


@pytest.mark.parametrize("steps", range(8))
async def test_a_newer_revision_at_any_moment_leaves_one_open(steps: int) -> None:
    opener = Opener()
    async with opened(opener) as tenants:
        old = [asyncio.create_task(tenants.ready(A)) for _ in range(3)]
        for _ in range(steps):
            await asyncio.sleep(0)
        new = [asyncio.create_task(tenants.ready(tenant(1, 1))) for _ in range(3)]
        new[0].cancel()
        async with asyncio.timeout(60):
            await asyncio.wait([*old, *new])

        assert {id(task.result()) for task in new[1:]} == {id(await tenants.ready(A))}
        assert opener.count("opening", "t1") <= 2
        assert tenants.counts() == {"open": 1}


async def test_noticing_a_change_opens_nothing() -> None:
    opener = Opener()
    async with opened(opener) as tenants:
        tenants.notice(tenant(2, 1))
        runtime = await tenants.ready(A)
        tenants.notice(A)
        assert not runtime.ending.is_set()

        tenants.notice(tenant(1, 1))
        await turns(lambda: opener.count("closed", "t1") == 1)

        assert runtime.ending.is_set()
        assert opener.open_now == set()


@pytest.mark.parametrize("steps", range(6))
async def test_a_shutdown_at_any_moment_of_an_opening_leaves_nothing(
    steps: int,
) -> None:
    opener = Opener()
    async with opened(opener) as tenants:
        asked = asyncio.create_task(tenants.ready(A))
        for _ in range(steps):
            await asyncio.sleep(0)
    await asyncio.wait([asked])

    assert opener.open_now == set()
    assert asked.done()
    assert asked.exception() is None or isinstance(asked.exception(), NotReady)
    with pytest.raises(NotReady):
        await tenants.ready(A)


async def test_a_shutdown_gives_up_an_opening_that_hangs() -> None:
    opener = Opener(hanging={"t1"})
    async with asyncio.timeout(60):
        async with opened(opener, tenant_deadline=600) as tenants:
            await tenants.close(B.id)  # of which nobody has heard
            asked = asyncio.create_task(tenants.ready(A))
            await turns(lambda: opener.count("opening", "t1") == 1)
        with pytest.raises(NotReady):
            await asked


async def test_a_runtime_that_fails_to_close_does_not_keep_others_open() -> None:
    opener = Opener()

    @asynccontextmanager
    async def breaking(tenant: Tenant) -> AsyncIterator[TenantRuntime]:
        async with opener.open(tenant) as runtime:
            yield runtime
            if tenant is B:
                raise OSError("planted")

    async with OpenTenants(some(), breaking, logger()) as tenants:
        await asyncio.gather(*(tenants.ready(one) for one in (A, B, C)))

    assert opener.open_now == set()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"strategy": "eager"}, 10),
        ({"strategy": "lazy"}, 0),
        ({"strategy": "warm", "warm_share": 0.25}, 3),
        ({"strategy": "warm", "warm_share": 0}, 0),
    ],
    ids=["eager", "lazy", "warm", "cold"],
)
async def test_the_strategy_says_how_many_open_at_start_up(
    settings: dict[str, Any], expected: int
) -> None:
    opener, known = Opener(), [tenant(number) for number in range(10)]
    async with opened(opener) as tenants:
        await start_up(tenants, known, some(start_concurrency=3, **settings))

        first = {one.slug for one in known[:expected]}
        assert opener.open_now == first
        assert opener.most_at_once <= 3
        assert opener.most_at_once == min(3, expected)


@pytest.mark.parametrize(
    ("settings", "fails"),
    [
        ({"policy": "degraded"}, False),
        ({"policy": "quorum", "quorum": 0.6}, False),
        ({"policy": "quorum", "quorum": 0.7}, True),
        ({"policy": "strict"}, True),
    ],
    ids=["degraded", "quorum-met", "quorum-missed", "strict"],
)
async def test_the_policy_says_whether_start_up_goes_on(
    settings: dict[str, Any], fails: bool
) -> None:
    opener = Opener(failing={"t1"})
    async with opened(opener) as tenants:
        starting = start_up(tenants, [A, B, C], some(**settings))
        if fails:
            with pytest.raises(StartUpFailed, match="t1 of 3 tenants"):
                await starting
        else:
            await starting
            assert opener.open_now == {"t2", "t3"}
    assert opener.open_now == set()


async def test_a_strict_start_does_not_wait_for_the_rest() -> None:
    opener = Opener(failing={"t1"}, hanging={"t2"})
    async with asyncio.timeout(60):
        async with opened(opener, tenant_deadline=600) as tenants:
            with pytest.raises(StartUpFailed):
                await start_up(tenants, [A, B, C], some(policy="strict"))
    assert opener.open_now == set()


async def test_ten_thousand_tenants_take_one_task_each_and_no_more_turns() -> None:
    opener, known = Opener(), [tenant(number) for number in range(10_000)]
    async with opened(opener) as tenants:
        await start_up(tenants, known, some())

        assert len(opener.open_now) == 10_000
        assert opener.most_at_once == 8
    assert opener.open_now == set()


async def test_housekeeping_goes_on_after_a_step_that_fails() -> None:
    opener, second = Opener(), asyncio.Event()
    times = 0

    class Failing(OpenTenants):
        def close_idle(self) -> Sequence[Tenant]:
            nonlocal times
            times += 1
            if times == 2:
                second.set()
            raise RuntimeError("planted")

    settings = some(housekeeping_interval=0.001)
    with capture_logs() as lines:
        async with Failing(settings, opener.open, structlog.get_logger()) as tenants:
            directory = cast("TenantDirectory", Known())
            allowances = cast("Allowances", Known())
            housekeeping = Housekeeping(
                tenants,
                directory,
                allowances,
                let_go=nobody_leaves,
                settings=settings,
                logger=structlog.get_logger(),
            )
            async with asyncio.timeout(60), housekeeping.running():
                await second.wait()

    told = [line for line in lines if line["event"] == "idle tenants not closed"]
    assert len(told) >= 2
    assert {line["error"] for line in told} == {"RuntimeError"}


class Known:
    """A directory in which there is nobody, and nobody's allowances."""

    async def those(self, ids: set[UUID]) -> dict[UUID, Tenant]:
        return {}

    async def exchange(self, limits: dict[UUID, RateLimits]) -> None:
        assert limits == {}


async def nobody_leaves(tenant: Tenant) -> None:
    raise AssertionError(tenant)
