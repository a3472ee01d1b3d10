"""Programs that look like the planted races, and are correct."""

from __future__ import annotations

import asyncio
from typing import Any

from benchmarks.racing.program import Held
from benchmarks.racing.races import AtOnce, Cancelled, ChildTask, Late


class NoConnection(AtOnce):
    """Checks, awaits, sets; but what it awaits never suspends."""

    correct = True

    async def make(self, tenant: str) -> Held:
        pool = await self.database.pool(connect=False)
        held = Held(tenant, pool, ready=True)
        self.made.append(held)
        return held


class LockPerTenant(Late):
    """Checks again under a lock of the tenant's."""

    correct = True

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._locks: dict[str, asyncio.Lock] = {}

    async def held(self, tenant: str) -> Held:
        async with self._locks.setdefault(tenant, asyncio.Lock()):
            if tenant not in self.pools:
                self.pools[tenant] = await self.make(tenant)
        return self.pools[tenant]


class LoserCloses(AtOnce):
    """Makes two at times; who comes second closes his own."""

    correct = True

    async def held(self, tenant: str) -> Held:
        if tenant not in self.pools:
            made = await self.make(tenant)
            if self.pools.setdefault(tenant, made) is not made:
                made.closed = True
        return self.pools[tenant]


class ShieldedTask(Cancelled):
    """A task is shared by those who wait for it, and shielded from them."""

    correct = True

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._tasks: dict[str, asyncio.Task[Held]] = {}

    async def held(self, tenant: str) -> Held:
        if tenant not in self._tasks:
            self._tasks[tenant] = asyncio.create_task(self.make(tenant))
        return await asyncio.shield(self._tasks[tenant])


class NewestKept(ChildTask):
    """Flags are refreshed by child tasks, and the newest answer is kept."""

    correct = True

    def store(self, version: int) -> None:
        self.flags = max(self.flags, version)
