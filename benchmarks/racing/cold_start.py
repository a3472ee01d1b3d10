"""All schedules with at most two deviations of a cold start, on real Postgres."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from harness.model.race import Ending
from harness.observe.gates.all import gated
from harness.point import point
from harness.scheduling.actors import ACTOR
from harness.scheduling.fresh import gated_loop
from harness.scheduling.kernel import Kernel, Ran
from harness.scheduling.locks import Locks, locks_seen
from harness.scheduling.search.deviations import Deviations

DEPTH: Final = 2
TENANTS: Final = "aab"
"""Whose each request is."""


class App:
    """Makes a tenant's pool on first use.

    Args:
        dsn: Of the database.
        locked: Whether under a lock of the tenant's; else it checks, awaits, and sets.
    """

    def __init__(self, dsn: str, *, locked: bool) -> None:
        self._dsn = dsn
        self._locked = locked
        self._locks: dict[str, asyncio.Lock] = {}
        self._pools: dict[str, Any] = {}
        self.made: list[Any] = []

    async def pool(self, tenant: str) -> Any:
        if not self._locked:
            return await self._first(tenant)
        async with self._locks.setdefault(tenant, asyncio.Lock()):
            return await self._first(tenant)

    async def _first(self, tenant: str) -> Any:
        if tenant not in self._pools:
            pool: Any = await asyncpg.create_pool(self._dsn, min_size=1, max_size=2)
            self.made.append(pool)
            self._pools[tenant] = pool
        return self._pools[tenant]

    async def request(self, number: int, tenant: str) -> None:
        ACTOR.set(f"request {number}")
        await point("arrive")
        pool = await self.pool(tenant)
        async with pool.acquire() as connection, connection.transaction():
            value = await connection.fetchval("select 1")
            await connection.fetch("select $1::int where $1 >= 1", value)

    async def start(self) -> None:
        """Have all requests at once."""
        try:
            async with asyncio.TaskGroup() as group:
                for number, tenant in enumerate(TENANTS, 1):
                    group.create_task(self.request(number, tenant))
        finally:
            for pool in self.made:
                pool.terminate()


@dataclass(frozen=True)
class Covered:
    """What running them all showed.

    Attributes:
        levels: How many schedules there are with each number of deviations.
        complete: The d up to which all were run; None if luck had a say.
        choices: How many choices the schedule without deviations has.
        ended: How many ended by themselves.
        failed: How many of the requests' errors there were.
        twice: How many made a pool too many.
        first: The first of these, from 1; 0 if none.
        seconds: How long it took.
    """

    levels: tuple[int, ...]
    complete: int | None
    choices: int
    ended: int
    failed: int
    twice: int
    first: int
    seconds: float

    @property
    def statement(self) -> str:
        """Return what was covered, as a sentence."""
        if self.complete is None:
            return "No set of schedules was run as a whole: runs parted."
        return (
            f"All {sum(self.levels)} schedules with at most {self.complete} deviations,"
            f" at operation granularity: {' + '.join(map(str, self.levels))}."
        )


def cover(dsn: str, *, locked: bool, depth: int = DEPTH) -> Covered:
    """Run all schedules with at most so many deviations."""
    started = time.perf_counter()
    deviations = Deviations(depth=depth)
    runs = choices = ended = failed = twice = first = 0
    with gated(), locks_seen(dsn) as locks:
        while (chooser := deviations.next()) is not None:
            app = App(dsn, locked=locked)
            ran = _run(app, chooser, locks)
            deviations.record(ran.trace)
            runs += 1
            choices = choices or len(ran.trace)
            ended += ran.ending == Ending.ENDED
            failed += ran.error is not None
            if len(app.made) > len(set(TENANTS)):
                twice += 1
                first = first or runs
    complete = deviations.complete
    levels = range(-1 if complete is None else complete + 1)
    return Covered(
        levels=tuple(deviations.size(level) or 0 for level in levels),
        complete=complete,
        choices=choices,
        ended=ended,
        failed=failed,
        twice=twice,
        first=first,
        seconds=time.perf_counter() - started,
    )


def _run(app: App, chooser: Any, locks: Locks) -> Ran:
    with gated_loop() as loop:
        return Kernel(loop, chooser, locks=locks).run(app.start())
