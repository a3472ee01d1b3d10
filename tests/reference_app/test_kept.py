"""What is opened once and shared is closed once, whoever asks for it and how often."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from reference_app.kept import Kept

PATIENCE = 5.0


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
