"""Clients that leave while they wait for their tenant."""

from __future__ import annotations

import asyncio

from tests.mutants.races.gated import Opener, begin, cases, quiet, registry, use
from tests.mutants.races.test_first_use import RIGHT
from tests.reference_app.test_open_tenants import A, B


@cases("left-by-the-cancelled", right=RIGHT)
async def test_all_wait_for_ever_when_the_first_one_leaves(
    variant: str, wrong: bool
) -> None:
    opener = Opener(held={"t1"})
    async with registry(variant, opener) as tenants:
        first = begin(tenants, A)
        await quiet()
        second = begin(tenants, A)
        await quiet()
        first.cancel()
        await quiet()
        opener.let_go("t1")
        third = begin(tenants, A)
        await quiet()

        # Nothing is held any more: who waits now waits for ever.
        assert second.done() is not wrong
        assert third.done() is not wrong
        for request in (second, third):
            request.cancel()
        await asyncio.wait([second, third])
        assert second.cancelled() is wrong


@cases("task-not-shielded", right=RIGHT)
async def test_who_leaves_takes_others_along(variant: str, wrong: bool) -> None:
    opener = Opener(held={"t1"})
    async with registry(variant, opener) as tenants:
        first = begin(tenants, A)
        await quiet()
        second = begin(tenants, A)
        await quiet()
        first.cancel()
        await quiet()
        opener.let_go("t1")
        await asyncio.wait([first, second])

        assert first.cancelled()
        assert second.cancelled() is wrong
        await use(tenants, A)
        assert opener.begun["t1"] == 1


@cases("permit-not-given-back", right=RIGHT)
async def test_who_leaves_keeps_others_from_opening(variant: str, wrong: bool) -> None:
    opener = Opener(held={"t1"})
    async with registry(variant, opener, start_concurrency=1) as tenants:
        first = begin(tenants, A)
        await quiet()
        first.cancel()
        opener.let_go("t1")
        await quiet()

        other = begin(tenants, B)
        await quiet()

        assert other.done() is not wrong
        assert opener.begun["t2"] == (0 if wrong else 1)
        await use(tenants, A)  # which is open
        other.cancel()
        await asyncio.wait([other])


@cases("permit-not-given-back")
async def test_all_open_when_nobody_leaves(variant: str, wrong: bool) -> None:
    opener = Opener()
    async with registry(variant, opener, start_concurrency=1) as tenants:
        async with asyncio.timeout(5):
            await asyncio.gather(*(use(tenants, one) for one in (A, B, A, B)))

        assert opener.begun == {"t1": 1, "t2": 1}
