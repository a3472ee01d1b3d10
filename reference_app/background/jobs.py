"""Tenants' work in the background: labelled, and over before the app is."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self
from uuid import UUID

from structlog.contextvars import bound_contextvars
from structlog.stdlib import BoundLogger

from reference_app.logs import log_failure
from reference_app.settings import Settings
from reference_app.storage.seam import Session
from reference_app.tenants.open_tenants import OpenTenants
from reference_app.tenants.tenant import Tenant

Work = Callable[[], Awaitable[None]]


class Stopping(Exception):
    """The app stops: nothing new is begun."""


class Jobs:
    """Runs work for tenants in tasks of the app's own.

    A task whose result nobody awaits can vanish with its error; these belong to
    a group, log how they failed under their tenant's name, and have
    `close_timeout` seconds to finish when the app stops. Must be closed before
    the tenants are: the work needs them.

    Args:
        settings: How long to wait for work at the end.
        tenants: Whose rows the work is on.
        logger: Where failures are told.
    """

    def __init__(
        self, settings: Settings, tenants: OpenTenants, logger: BoundLogger
    ) -> None:
        self._settings = settings
        self._tenants = tenants
        self._logger = logger
        self._group = asyncio.TaskGroup()
        self._stopping = asyncio.Event()
        self._tasks: defaultdict[UUID, set[asyncio.Task[None]]] = defaultdict(set)

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        running = {task for tasks in self._tasks.values() for task in tasks}
        if running:
            await asyncio.wait(running, timeout=self._settings.close_timeout)
        for task in running:
            task.cancel()
        # Not told of the error: it would cancel those who are being cancelled.
        await self._group.__aexit__(None, None, None)

    def start(self, tenant: Tenant, name: str, work: Work) -> asyncio.Task[None]:
        """Have something done for a tenant; returns the task, which never fails.

        The log lines of the work carry the tenant, and the id of the request
        that it was started in.

        Raises:
            Stopping: The app stops.
        """
        if self._stopping.is_set():
            raise Stopping
        task = self._group.create_task(
            self._run(tenant, name, work), name=f"{name} {tenant.slug}"
        )
        self._tasks[tenant.id].add(task)
        task.add_done_callback(lambda done: self._forget(tenant.id, done))
        return task

    @asynccontextmanager
    async def session(self, tenant: Tenant) -> AsyncIterator[Session]:
        """Borrow a connection to a tenant's rows for a block of the work."""
        async with (
            self._tenants.lease(tenant) as runtime,
            runtime.store.session() as session,
        ):
            yield session

    async def pause(self, seconds: float) -> bool:
        """Let time pass, but do not keep the app from stopping.

        Returns:
            Whether there is time for another attempt.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return True
        return False

    async def end(self, tenant: Tenant) -> None:
        """Give up all work of one tenant, and wait until it has stopped."""
        running = set(self._tasks.get(tenant.id, ()))
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    async def _run(self, tenant: Tenant, name: str, work: Work) -> None:
        with bound_contextvars(tenant=tenant.slug, job=name):
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - anything; logged
                log_failure(self._logger, "background work failed", error)

    def _forget(self, tenant_id: UUID, task: asyncio.Task[None]) -> None:
        self._tasks[tenant_id].discard(task)
        if not self._tasks[tenant_id]:
            del self._tasks[tenant_id]
