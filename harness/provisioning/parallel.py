"""Work on many things, some at a time, with the results in order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

T = TypeVar("T")
R = TypeVar("R")


async def in_parallel(
    work: Callable[[T], Awaitable[R]], items: Sequence[T], *, width: int
) -> list[R]:
    """Await `work` for each item, at most `width` at a time.

    The first that fails ends the others, and its error is raised as it is.

    Args:
        work: What to do with one.
        items: Taken up in their order.
        width: How many at once.

    Returns:
        The results, in the order of the items.
    """
    results: dict[int, R] = {}
    waiting = iter(enumerate(items))

    async def worker(waiting: Iterator[tuple[int, T]]) -> None:
        for place, item in waiting:
            results[place] = await work(item)

    workers = [
        asyncio.create_task(worker(waiting)) for _ in range(min(width, len(items)))
    ]
    try:
        await asyncio.gather(*workers)
    finally:
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return [results[place] for place in range(len(items))]
