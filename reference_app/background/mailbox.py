"""Things to be seen to, tenant by tenant, in the order in which they came."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from contextvars import Context, copy_context
from functools import partial
from typing import Generic, TypeVar
from uuid import UUID

from structlog.contextvars import bound_contextvars

from reference_app.background.jobs import Jobs, Stopping
from reference_app.tenants.tenant import Tenant

T = TypeVar("T")


class Mailbox(Generic[T]):
    """A queue for each tenant, and while there is something in it, one job.

    Putting something in never waits. No tenant waits for another's things.

    Args:
        jobs: Run what sees to the things.
        name: What such a job is called in the log.
        handle: Sees to one thing.
        size: Things of one tenant that may wait.
        lost: Told of each thing that was accepted and then had to be dropped.
    """

    def __init__(
        self,
        jobs: Jobs,
        name: str,
        handle: Callable[[Tenant, T], Awaitable[None]],
        *,
        size: int,
        lost: Callable[[Tenant, T], None],
    ) -> None:
        self._jobs = jobs
        self._name = name
        self._handle = handle
        self._size = size
        self._lost = lost
        self._waiting: defaultdict[UUID, deque[tuple[Context, T]]] = defaultdict(deque)
        self._busy: dict[UUID, asyncio.Task[None]] = {}

    def put(self, tenant: Tenant, thing: T) -> bool:
        """Have a thing seen to after those that came before it.

        Returns:
            Whether it was accepted: too much may be waiting, or the app stops.
        """
        if len(self._waiting[tenant.id]) >= self._size:
            return False
        if tenant.id not in self._busy:
            work = partial(self._empty, tenant)
            try:
                self._busy[tenant.id] = self._jobs.start(tenant, self._name, work)
            except Stopping:
                return False
        self._waiting[tenant.id].append((copy_context(), thing))
        return True

    async def emptied(self, tenant: Tenant, *, timeout: float) -> None:
        """Wait, but not for long, until what a tenant has put in is seen to."""
        busy = self._busy.get(tenant.id)
        if busy is not None:
            await asyncio.wait([busy], timeout=timeout)

    async def _empty(self, tenant: Tenant) -> None:
        try:
            while waiting := self._waiting[tenant.id]:
                context, thing = waiting[0]
                # Its log lines are those of the request that it came from, which
                # need not be the one that this job was started in.
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._see_to(tenant, thing), context=context)
                waiting.popleft()
        finally:
            # Between the last look and this nobody else has run: nothing is
            # left but what an error or a cancellation has kept from being done.
            del self._busy[tenant.id]
            for _, thing in self._waiting.pop(tenant.id, ()):
                self._lost(tenant, thing)

    async def _see_to(self, tenant: Tenant, thing: T) -> None:
        with bound_contextvars(tenant=tenant.slug, job=self._name):
            await self._handle(tenant, thing)
