"""Waiting for what nothing tells of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], bool], *, within: float = 60) -> None:
    """Look again and again until something is so; fail if it takes too long.

    Args:
        condition: Looks; must be quick.
        within: Seconds, far more than it takes if all is well.
    """
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.005)
