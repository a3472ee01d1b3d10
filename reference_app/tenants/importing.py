"""Brings many tenants in from a file, several at a time."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack

import asyncpg
from pydantic import ValidationError

from reference_app.auth.passwords import Passwords
from reference_app.migrations import Connection
from reference_app.settings import Settings
from reference_app.storage.seam import Storage
from reference_app.tenants.onboarding import (
    DomainRefused,
    NewTenant,
    TenantExists,
    onboard_over,
)
from reference_app.tenants.tenant import Tenant

FEWEST, MOST = 2, 6
"""Tenants in the making at a time: as many as there are processors, within these.

Each server process hears of the tables that the others make, so more cost more.
"""


class ImportRefused(Exception):
    """A line cannot become a tenant; says which, and why, without its secrets."""


def read_tenants(lines: Iterable[str]) -> Iterator[NewTenant]:
    """Read tenants from lines of JSON, in the form of `POST /admin/tenants`.

    Raises:
        ImportRefused: A line is something else.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield NewTenant.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"])) or "the line"
            raise ImportRefused(f"line {number}: {place}: {first['msg']}") from None


async def import_tenants(
    new: Sequence[NewTenant],
    *,
    settings: Settings,
    control: asyncpg.Pool,
    storage: Storage,
    passwords: Passwords,
) -> AsyncGenerator[Tenant]:
    """Make tenants, each in a transaction of its own, and yield each in order.

    The first that is refused ends it; those before it, and some after it, are made.

    Raises:
        ImportRefused: Something of a tenant is taken.
    """
    width = min(max(os.cpu_count() or FEWEST, FEWEST), MOST)
    width = min(width, settings.shared_pool_max, len(new))
    async with AsyncExitStack() as stack:
        # Kept from tenant to tenant: giving one back costs a round trip.
        free: asyncio.Queue[Connection] = asyncio.Queue()
        for _ in range(width):
            free.put_nowait(await stack.enter_async_context(control.acquire()))

        async def make(one: NewTenant) -> Tenant:
            connection = await free.get()
            try:
                return await onboard_over(
                    connection,
                    one,
                    settings=settings,
                    storage=storage,
                    passwords=passwords,
                )
            except TenantExists:
                reason = "the slug, the name or a domain is another tenant's"
            except DomainRefused:
                reason = "a custom domain lies below the base domain"
            finally:
                free.put_nowait(connection)
            raise ImportRefused(f"tenant {one.slug}: {reason}")

        tasks = [asyncio.create_task(make(one)) for one in new]
        try:
            for task in tasks:
                yield await task
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def imported_line(tenant: Tenant) -> str:
    """Return what is told of a tenant that was made, as a line of JSON."""
    return json.dumps({"id": str(tenant.id), "slug": tenant.slug})
