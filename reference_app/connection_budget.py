"""How many connections all tenants' pools may have together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class ConnectionBudget:
    """Hands out connections that may be opened, first come, first served.

    Whoever reserves has nothing yet, and takes all that it cannot do without at
    once: nobody waits while holding what others wait for.

    Args:
        size: Connections at most.
        on_shortage: Called when somebody has to wait.
    """

    def __init__(self, size: int, on_shortage: Callable[[], None]) -> None:
        self._free = size
        self._on_shortage = on_shortage
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def missing(self) -> int:
        """Connections that those who wait need beyond what is free."""
        return max(0, sum(count for count, _ in self._waiting) - self._free)

    @asynccontextmanager
    async def reserve(self, count: int) -> AsyncIterator[Reservation]:
        """Have so many connections, waiting for them, for a block."""
        await self._take(count)
        reservation = Reservation(self, count)
        try:
            yield reservation
        finally:
            self._give(reservation.count)

    def try_take(self) -> bool:
        """Take one if it is free and nobody waits."""
        if self._waiting or self._free < 1:
            return False
        self._free -= 1
        return True

    async def _take(self, count: int) -> None:
        if not self._waiting and self._free >= count:
            self._free -= count
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((count, turn))
        self._on_shortage()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give(count)  # it was our turn in the moment that we left
            else:
                self._leave(count, turn)
            raise

    def _leave(self, count: int, turn: asyncio.Future[None]) -> None:
        """Make room for those behind somebody who does not wait any more."""
        if (count, turn) in self._waiting:  # or its turn has been passed over
            self._waiting.remove((count, turn))
        self._serve()

    def _give(self, count: int) -> None:
        self._free += count
        self._serve()

    def _serve(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            count, turn = self._waiting.popleft()
            if not turn.done():
                self._free -= count
                turn.set_result(None)


class Reservation:
    """Connections that somebody may open.

    Args:
        budget: What they are from.
        count: How many.
    """

    def __init__(self, budget: ConnectionBudget, count: int) -> None:
        self._budget = budget
        self.count = count

    def grow(self) -> bool:
        """Add one if it can be had at once."""
        if not self._budget.try_take():
            return False
        self.count += 1
        return True
