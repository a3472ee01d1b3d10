"""Tenants that are reloaded, evicted, or leave, and the end of the app."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from reference_app.tenants.open_tenants import NotReady
from tests.mutants.races.gated import (
    Opener,
    begin,
    cases,
    parts_of,
    quiet,
    registry,
    use,
)
from tests.mutants.races.test_first_use import RIGHT
from tests.reference_app.test_open_tenants import A, logger, some, tenant

NEWER = tenant(1, revision=1)


@cases("reload-leaks-old", right=RIGHT)
async def test_what_is_in_use_when_it_is_replaced_stays_open(
    variant: str, wrong: bool
) -> None:
    opener = Opener()
    async with registry(variant, opener) as tenants:
        async with tenants.lease(A) as old:
            tenants.notice(NEWER)
            request = begin(tenants, NEWER)
            await quiet()
            assert old.ending.is_set() is not wrong
        await request
        await quiet()

        assert opener.open_now["t1"] == (2 if wrong else 1)

    assert opener.open_now["t1"] == (1 if wrong else 0)
    for left in tuple(getattr(tenants, "_tasks", ())):
        left.close()
    await quiet()
    assert opener.open_now["t1"] == 0


@cases("reload-leaks-old")
async def test_what_nobody_uses_is_closed_when_it_is_replaced(
    variant: str, wrong: bool
) -> None:
    opener = Opener()
    async with registry(variant, opener) as tenants:
        await use(tenants, A)
        tenants.notice(NEWER)
        await use(tenants, NEWER)

        assert opener.most["t1"] == 1
        assert opener.begun["t1"] == 2
    assert opener.open_now["t1"] == 0


@cases("forgotten-before-closed", right=RIGHT)
async def test_who_comes_while_it_closes_has_a_second_one_opened(
    variant: str, wrong: bool
) -> None:
    opener = Opener()
    async with registry(variant, opener, idle_timeout=1e-9) as tenants:
        await use(tenants, A)
        opener.may_close.clear()
        await quiet()
        assert tenants.close_idle() == [A]
        request = begin(tenants, A)
        await quiet()

        assert opener.open_now["t1"] == (2 if wrong else 1)
        opener.may_close.set()
        await request
        assert opener.begun["t1"] == 2
    assert opener.open_now["t1"] == 0


@cases("closed-once", right=RIGHT)
async def test_a_tenant_that_leaves_is_opened_by_a_late_request_and_stays(
    variant: str, wrong: bool
) -> None:
    opener = Opener(held={"t1"})
    async with registry(variant, opener) as tenants:
        late = begin(tenants, A)
        await quiet()
        opener.held.clear()  # what is opened from now on is not held
        await tenants.close(A.id)  # as offboarding does before it removes the rows
        await late

        await tenants.close(A.id)  # and after it has

        assert opener.open_now["t1"] == (1 if wrong else 0)
    assert opener.open_now["t1"] == 0


@cases("jobs-outlive-tenants")
async def test_work_goes_on_when_its_tenant_is_closed_and_is_lost(
    variant: str, wrong: bool
) -> None:
    opener, may_go, ends = Opener(), asyncio.Event(), list[str]()
    parts, settings = parts_of(variant), some()
    async with AsyncExitStack() as app:
        tenants = await app.enter_async_context(
            parts.tenants(settings, opener.open, logger())
        )
        jobs = await app.enter_async_context(parts.jobs(settings, tenants, logger()))

        async def work() -> None:
            await may_go.wait()
            try:
                await use(tenants, A)
            except NotReady:
                ends.append("lost")
                raise
            ends.append("done")

        await use(tenants, A)
        job = jobs.start(A, "test", work)
        closing = asyncio.create_task(app.pop_all().aclose())
        await quiet()
        assert closing.done() is wrong  # or it waits for the work
        may_go.set()
        await asyncio.wait([job, closing])

    assert ends == ["lost" if wrong else "done"]
    assert opener.open_now["t1"] == 0
