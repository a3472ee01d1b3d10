"""Planted races: each is a common mistake in an app of ordinary shape."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from benchmarks.racing.program import Actor, Held, Program


class AtOnce(Program):
    """Checks, awaits, sets: two first requests at once."""

    def actors(self) -> Sequence[Actor]:
        return [lambda: self.guarded(self.request("a"))] * 2

    async def held(self, tenant: str) -> Held:
        held = self.pools.get(tenant)
        if held is None:
            held = self.pools[tenant] = await self.make(tenant)
        return held


class Late(Program):
    """One of two first requests is held up before it gets there."""

    def actors(self) -> Sequence[Actor]:
        return [
            lambda: self.guarded(self.request("a")),
            lambda: self.guarded(self.request("a", late=2)),
        ]


class MembershipTest(Late):
    """The check is whether the tenant is among the keys."""

    async def held(self, tenant: str) -> Held:
        if tenant not in self.pools:
            self.pools[tenant] = await self.make(tenant)
        return self.pools[tenant]


class LockLetGo(Late):
    """The lock is let go between check and act."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._lock = asyncio.Lock()

    async def held(self, tenant: str) -> Held:
        async with self._lock:
            missing = tenant not in self.pools
        if missing:
            made = await self.make(tenant)
            async with self._lock:
                self.pools[tenant] = made
        return self.pools[tenant]


class HalfMade(Late):
    """An entry can be found before its schema is up to date."""

    async def held(self, tenant: str) -> Held:
        if tenant not in self.pools:
            held = Held(tenant, await self.database.pool(connect=False))
            self.made.append(held)
            self.pools[tenant] = held
            await held.pool.fetchval("select 1")
            held.ready = True
        return self.pools[tenant]


class GlobalTenant(Program):
    """The current tenant is a global, which is read after an await."""

    current = ""

    def actors(self) -> Sequence[Actor]:
        return [
            lambda: self.guarded(self.audited("a")),
            lambda: self.guarded(self.audited("b", late=2)),
        ]

    async def audited(self, tenant: str, *, late: int = 0) -> None:
        await self.wait(late)
        self.current = tenant
        await self.database.elsewhere()
        self.expect(self.current == tenant, "another tenant's")


class ClosedInUse(Program):
    """Eviction closes a pool that a request holds."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._lock = asyncio.Lock()

    def actors(self) -> Sequence[Actor]:
        return [
            lambda: self.guarded(self.authorised("a")),
            lambda: self.guarded(self.evict("a", late=4)),
        ]

    async def authorised(self, tenant: str) -> None:
        async with self._lock:
            if tenant not in self.pools:
                self.pools[tenant] = await self.make(tenant)
        held = self.pools[tenant]
        await self.database.elsewhere()
        await self.use(held, tenant)

    async def evict(self, tenant: str, *, late: int) -> None:
        await self.wait(late)
        held = self.pools.pop(tenant, None)
        if held is not None:
            held.closed = True


class Cancelled(Program):
    """The first of two who want a tenant may be cancelled."""

    def actors(self) -> Sequence[Actor]:
        if self.times_out:
            return [
                lambda: self.hurried(self.request("a")),
                lambda: self.guarded(self.request("a")),
            ]
        return [
            lambda: self.leaving(self.request("a")),
            lambda: self.guarded(self.request("a")),
            lambda: self.guarded(self.cancel()),
        ]

    def findings(self) -> list[str]:
        # Who is cancelled amid making a pool may leave one behind.
        return self.bad


class EntryLeftBehind(Cancelled):
    """An initialiser that is cancelled leaves its entry behind."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._events: dict[str, asyncio.Event] = {}

    async def held(self, tenant: str) -> Held:
        event = self._events.get(tenant)
        if event is None:
            event = self._events[tenant] = asyncio.Event()
            try:
                self.pools[tenant] = await self.make(tenant)
            finally:
                event.set()
        await event.wait()
        return self.pools[tenant]


class SharedTask(Cancelled):
    """A task is shared by those who wait for it, and not shielded from them."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._tasks: dict[str, asyncio.Task[Held]] = {}

    async def held(self, tenant: str) -> Held:
        if tenant not in self._tasks:
            self._tasks[tenant] = asyncio.create_task(self.make(tenant))
        return await self._tasks[tenant]


class ChildTask(Program):
    """Flags are refreshed by child tasks; an older answer overwrites a newer one."""

    served = flags = 0

    def actors(self) -> Sequence[Actor]:
        return [
            lambda: self.guarded(self.change()),
            lambda: self.guarded(self.change(late=2)),
        ]

    async def change(self, *, late: int = 0) -> None:
        await self.wait(late)
        self.served += 1
        await asyncio.create_task(self.refresh())

    async def refresh(self) -> None:
        version = self.served
        await self.database.elsewhere()
        self.store(version)

    def store(self, version: int) -> None:
        self.flags = version

    def findings(self) -> list[str]:
        self.expect(self.flags == self.served, "flags are of an older version")
        return self.bad
