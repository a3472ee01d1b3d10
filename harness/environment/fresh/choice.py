"""The named ways to a fresh state."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Literal

from harness.environment.claims import KEPT
from harness.environment.database import Database
from harness.environment.fresh.delete import delete_state, passing_delete_state
from harness.environment.fresh.hook import HookState
from harness.environment.fresh.several import Way, several_states
from harness.environment.fresh.state import FreshState, Hook, Single
from harness.environment.fresh.template import template_state
from harness.errors import SettingsError

Strategy = Literal["delete", "template", "hook"]


@contextlib.asynccontextmanager
async def fresh_state(
    strategy: Strategy, database: Database, *, hook: Hook | None = None
) -> AsyncIterator[FreshState]:
    """Have one of the strategies for as long as the block.

    What the app makes in databases beside the run's own is set back, too; see
    `claims` for how they are told.

    Roles belong to the server, not to a database: they outlive every restore.

    Args:
        strategy: `delete` leaves the app's connections alone and costs little;
            `template` brings back everything, and cuts the connections; `hook`
            calls yours.
        database: Whose state.
        hook: For `hook`; it is to see to all databases.

    Raises:
        SettingsError: `hook` without a hook.
        PostgresError: The database cannot be reached.
    """
    own, way = _chosen(strategy, database, hook)
    async with own as state, several_states(database, state, way) as states:
        yield states


def _chosen(
    strategy: Strategy, database: Database, hook: Hook | None
) -> tuple[AbstractAsyncContextManager[Single], Way]:
    """Return the state of the run's database, and the way with those beside it."""
    if strategy == "hook":
        if hook is None:
            raise SettingsError("the fresh state is to come from a hook: give one")
        way = Way(
            "hook",
            lambda one, _: nullcontext(HookState(one, None)),
            drops=False,
            revives=False,
        )
        return nullcontext(HookState(database, hook)), way
    if strategy == "template":
        way = Way(
            "template",
            lambda one, number: template_state(
                one, kept=f"{database.name}{KEPT}_{number}"
            ),
            drops=True,
            revives=True,
        )
        return template_state(database), way
    way = Way(
        "delete",
        lambda one, _: passing_delete_state(one),
        drops=True,
        revives=False,
    )
    return delete_state(database), way
