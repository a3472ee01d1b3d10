"""Rest: after a scenario, what nobody needs may be closed before the app is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from harness.model.holdings import Holding, holdings
from harness.model.race import Removed

if TYPE_CHECKING:
    from harness.model.event import Event

PAUSES: Final = (0.0, 1.0, 4.0, 15.0, 40.0)
"""Seconds, one after the other: apps look after such things every so often."""


async def rest(
    events: Callable[[], Iterable[Event]], alone: Mapping[Holding, int]
) -> Mapping[Holding, int]:
    """Let time pass on the schedule's clock, as long as there is something to close.

    Where there is not, which is the rule, it takes no time.

    Args:
        events: Returns those of the schedule so far.
        alone: How much of each the app keeps if nobody interferes.

    Returns:
        How much of each is open then.
    """
    held: Mapping[Holding, int] = {}
    for pause in PAUSES:
        if pause:
            await asyncio.sleep(pause)
        told = tuple(events())
        held = {one: len(calls) for one, calls in holdings(told).items()}
        removed = {one.tenant for one in told if isinstance(one, Removed)}
        if all(
            count <= max(0 if one[1] in removed else 1, alone.get(one, 0))
            for one, count in held.items()
        ):
            break
    return held
