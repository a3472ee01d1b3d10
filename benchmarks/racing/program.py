"""What all planted races have: tenants with pools, actors, and one simple oracle."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from benchmarks.racing.databases import Database, Pool

Actor = Callable[[], Coroutine[Any, Any, None]]

PATIENCE: Final = 0.01
"""Seconds of a clock that is not real."""


@dataclass
class Held:
    """What an app holds for a tenant."""

    tenant: str
    pool: Pool
    ready: bool = False
    closed: bool = False


class Program:
    """One run of an app by a few actors at once.

    Args:
        database: Where the tenants' data is.
        hops: How many answers from elsewhere whoever cancels waits for.
        times_out: Whether cancellation is by a time-out instead, for a tool that puts
            the clock in order and not `Task.cancel`.

    Attributes:
        correct: Whether there is nothing to find.
        bad: What the oracle saw.
    """

    correct: ClassVar[bool] = False

    def __init__(
        self, database: Database, *, hops: int = 1, times_out: bool = False
    ) -> None:
        self.times_out = times_out
        self.database = database
        self.bad: list[str] = []
        self.made: list[Held] = []
        self.pools: dict[str, Held] = {}
        self._hops = hops
        self._leaver: asyncio.Task[Any] | None = None

    def actors(self) -> Sequence[Actor]:
        """Return who acts at once."""
        raise NotImplementedError

    async def held(self, tenant: str) -> Held:
        """Return what is held for a tenant, made if need be: here the bugs are."""
        raise NotImplementedError

    async def make(self, tenant: str) -> Held:
        """Connect, and bring the schema up to date."""
        held = Held(tenant, await self.database.pool(connect=True))
        self.made.append(held)
        await held.pool.fetchval("select 1")
        held.ready = True
        return held

    async def request(self, tenant: str, *, late: int = 0) -> None:
        """Use a tenant's pool.

        Args:
            tenant: Whose.
            late: How many answers from elsewhere it waits for before.
        """
        await self.wait(late)
        await self.use(await self.held(tenant), tenant)

    async def use(self, held: Held, tenant: str) -> None:
        self.expect(held.ready, "used before it was ready")
        self.expect(not held.closed, "used after it was closed")
        self.expect(held.tenant == tenant, "another tenant's")
        await held.pool.fetchval("select 2")

    async def wait(self, answers: int) -> None:
        for _ in range(answers):
            await self.database.elsewhere()

    def expect(self, what: object, otherwise: str) -> None:
        if not what:
            self.bad.append(otherwise)

    async def guarded(self, work: Awaitable[None]) -> None:
        """Act; nobody cancels this actor, and nothing makes it fail."""
        try:
            await work
        except asyncio.CancelledError:
            self.bad.append("cancelled by another")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            self.bad.append(f"failed: {type(error).__name__}")

    async def leaving(self, work: Awaitable[None]) -> None:
        """Act, and be cancelled by `cancel` if it comes before the end."""
        self._leaver = asyncio.current_task()
        try:
            await work
        except asyncio.CancelledError:
            return
        finally:
            self._leaver = None

    async def hurried(self, work: Coroutine[Any, Any, None]) -> None:
        """Act, and give up after some time."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(work, PATIENCE)

    async def cancel(self) -> None:
        """Cancel who is leaving."""
        await self.wait(self._hops)
        if self._leaver is not None:
            self._leaver.cancel()

    def findings(self) -> list[str]:
        """Return what is wrong, once all actors are through."""
        open_ones = [held.tenant for held in self.made if not held.closed]
        twice = len(open_ones) > len(set(open_ones))
        return [*self.bad, *(["two pools of one tenant"] if twice else [])]

    def end(self) -> None:
        """Drop what is still open."""
        for held in self.made:
            held.pool.terminate()
