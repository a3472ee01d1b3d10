"""What is opened once and shared is closed once, whoever asks for it and how often."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from reference_app.kept import Kept

PATIENCE = 60.0


async def test_an_opening_that_is_given_up_twice_still_cleans_up() -> None:
    begun, cleaning, go_on = asyncio.Event(), asyncio.Event(), asyncio.Event()
    cleaned: list[str] = []

    @asynccontextmanager
    async def slow() -> AsyncIterator[str]:
        try:
            begun.set()
            await asyncio.Event().wait()
            yield "never"
        finally:
            cleaning.set()
            await go_on.wait()
            cleaned.append("all")

    kept = Kept(slow, deadline=PATIENCE, patience=PATIENCE)
    life = asyncio.create_task(kept.run())
    async with asyncio.timeout(PATIENCE):
        await begun.wait()
        kept.close()
        await cleaning.wait()
        kept.close()
        await asyncio.sleep(0)  # where a second cancellation would arrive
        go_on.set()
        await kept.closed()
    with suppress(asyncio.CancelledError):
        await life

    assert cleaned == ["all"]
    assert kept.state == "closed"


@pytest.mark.parametrize("cancellation", ["pending", "swallowed"])
async def test_one_that_opens_just_as_it_is_closed_is_lent_to_nobody_and_ends_in_peace(
    cancellation: str,
) -> None:
    begun, closed_in_peace = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def late() -> AsyncIterator[str]:
        begun.set()
        if cancellation == "pending":
            kept.close()  # arrives at the next place where this task waits
        else:
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        yield "late"
        await asyncio.sleep(0)  # as a pool that says goodbye to its server
        closed_in_peace.set()

    kept = Kept(late, deadline=PATIENCE, patience=PATIENCE)
    states: list[str] = []

    async def ask() -> None:
        await kept.settled()
        states.append(kept.state)

    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        asking = group.create_task(ask())
        group.create_task(kept.run())
        await begun.wait()
        kept.close()
        await asking

    assert states == ["closed"]
    assert closed_in_peace.is_set()
