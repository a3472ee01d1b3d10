"""The named ways to a fresh state."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Literal

from harness.environment.database import Database
from harness.environment.fresh.delete import delete_state
from harness.environment.fresh.hook import HookState
from harness.environment.fresh.state import FreshState, Hook
from harness.environment.fresh.template import template_state
from harness.errors import SettingsError

Strategy = Literal["delete", "template", "hook"]


@contextlib.asynccontextmanager
async def fresh_state(
    strategy: Strategy, database: Database, *, hook: Hook | None = None
) -> AsyncIterator[FreshState]:
    """Have one of the strategies for as long as the block.

    Roles belong to the server, not to a database: they outlive every restore.

    Args:
        strategy: `delete` leaves the app's connections alone and costs little;
            `template` brings back everything, and cuts the connections; `hook`
            calls yours.
        database: Whose state.
        hook: For `hook`.

    Raises:
        SettingsError: `hook` without a hook.
        PostgresError: The database cannot be reached.
    """
    async with contextlib.AsyncExitStack() as stack:
        if strategy == "hook":
            if hook is None:
                raise SettingsError("the fresh state is to come from a hook: give one")
            yield HookState(database, hook)
        elif strategy == "template":
            yield await stack.enter_async_context(template_state(database))
        else:
            yield await stack.enter_async_context(delete_state(database))
