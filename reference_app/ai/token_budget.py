"""How many tokens a tenant may use in a day."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from reference_app.ai.refusals import OverLimit

LoadSpent = Callable[[datetime], Awaitable[int]]


def today() -> datetime:
    """Return when the day of the budgets began: midnight, UTC."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


class TokenBudget:
    """One tenant's tokens of today: what is spent, and what is about to be.

    What is spent stands in the tenant's usage log, where other processes write too,
    and is read again every `freshness` seconds. In between what this process
    spends is added.

    Args:
        per_day: Tokens that may be used from midnight to midnight, UTC.
        load: Returns what has been spent since a moment.
        freshness: Seconds.
    """

    def __init__(self, per_day: int, load: LoadSpent, freshness: float) -> None:
        self.per_day = per_day
        self._load = load
        self._freshness = freshness
        self._day: datetime | None = None
        self._loaded_at = -math.inf
        self._spent = 0
        self._spent_here = 0
        self._reserved = 0

    @property
    def left(self) -> int:
        """Tokens that may still be asked for."""
        return max(0, self.per_day - self._spent - self._reserved)

    def begin(self, day: datetime, spent: int) -> None:
        """Take over what has been spent since a day began."""
        self._day, self._spent, self._loaded_at = day, spent, time.monotonic()

    async def refresh(self) -> None:
        """Read what has been spent, unless that was done a moment ago."""
        day = today()
        stale = time.monotonic() - self._loaded_at >= self._freshness
        if day == self._day and not stale:
            return
        before = self._spent_here
        spent = await self._load(day)
        # What was spent while it was being read may be missing in it. It is added,
        # and perhaps counts twice until the next time: rather that than not at all.
        self.begin(day, spent + self._spent_here - before)

    @contextmanager
    def reserve(self, tokens: int) -> Iterator[None]:
        """Set tokens apart for a block, which calls `spend` for what it uses.

        Raises:
            OverLimit: So many are not left; it says how long it is to midnight.
        """
        if tokens > self.left:
            midnight = today() + timedelta(days=1)
            wait = math.ceil((midnight - datetime.now(UTC)).total_seconds())
            raise OverLimit("token-budget-spent", max(1, wait))
        self._reserved += tokens
        try:
            yield
        finally:
            self._reserved -= tokens

    def spend(self, tokens: int) -> None:
        """Count tokens as used."""
        self._spent += tokens
        self._spent_here += tokens
