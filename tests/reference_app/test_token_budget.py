"""A tenant's tokens of the day are not given out twice."""

from __future__ import annotations

import asyncio
from datetime import datetime

from reference_app.ai.token_budget import TokenBudget


async def test_what_is_spent_while_the_log_is_read_is_not_forgotten() -> None:
    reading, goes_on = asyncio.Event(), asyncio.Event()

    async def load(_since: datetime) -> int:
        reading.set()
        await goes_on.wait()
        return 10  # as it was before

    budget = TokenBudget(100, load, freshness=60)
    refreshing = asyncio.create_task(budget.refresh())
    await reading.wait()
    budget.spend(30)
    goes_on.set()
    await refreshing

    assert budget.left == 60


async def test_what_others_have_spent_is_read_again_after_a_while() -> None:
    logged = [10, 50]

    async def load(_since: datetime) -> int:
        return logged.pop(0)

    budget = TokenBudget(100, load, freshness=0)
    await budget.refresh()
    budget.spend(30)  # which is in the log by now
    await budget.refresh()

    assert budget.left == 50
