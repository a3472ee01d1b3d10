"""What the command line needs too, without all that only requests are answered with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
)
from dataclasses import dataclass

import asyncpg
from structlog.stdlib import BoundLogger

from reference_app.auth.passwords import Passwords
from reference_app.logs import json_logging
from reference_app.migrations import prepare, series
from reference_app.pools import open_pool
from reference_app.settings import Settings
from reference_app.storage.choice import storage_of_settings
from reference_app.storage.seam import Storage
from reference_app.tenants.directory import TenantDirectory

OpenStorage = Callable[[Settings, asyncpg.Pool], AbstractAsyncContextManager[Storage]]


@dataclass(frozen=True, slots=True)
class FoundationParts:
    """How each replaceable piece of the foundation is made.

    Attributes:
        logger: Yields the logger for as long as the app runs.
        storage: Opens what keeps tenants' rows, given the control pool.
        directory: Finds the tenant of a domain.
        passwords: Hashes and verifies passwords.
    """

    logger: Callable[[Settings], AbstractContextManager[BoundLogger]] = json_logging
    storage: OpenStorage = storage_of_settings
    directory: Callable[[Settings, asyncpg.Pool], TenantDirectory] = TenantDirectory
    passwords: Callable[[Settings], Passwords] = Passwords


@dataclass(frozen=True, slots=True)
class Foundation:
    """The database, prepared, the storage, and what finds and lets in."""

    settings: Settings
    logger: BoundLogger
    control: asyncpg.Pool
    storage: Storage
    directory: TenantDirectory
    passwords: Passwords


@asynccontextmanager
async def open_foundation(
    settings: Settings, parts: FoundationParts
) -> AsyncIterator[Foundation]:
    """Open logging, the control schema (migrated) and the storage."""
    async with AsyncExitStack() as stack:
        logger = stack.enter_context(parts.logger(settings))
        control = await stack.enter_async_context(
            open_pool(settings, max_size=settings.shared_pool_max)
        )
        await prepare(control, "control", series("control"))
        yield Foundation(
            settings=settings,
            logger=logger,
            control=control,
            storage=await stack.enter_async_context(parts.storage(settings, control)),
            directory=parts.directory(settings, control),
            passwords=parts.passwords(settings),
        )
