"""Work on many things keeps its order, its bound, and the first error."""

from __future__ import annotations

import asyncio

import pytest

from harness.provisioning.parallel import in_parallel


async def test_results_keep_the_order_although_the_last_is_ready_first() -> None:
    gates = [asyncio.Event() for _ in range(4)]
    gates[3].set()

    async def work(number: int) -> int:
        await gates[number].wait()
        if number:
            gates[number - 1].set()
        return number * 10

    assert await in_parallel(work, range(4), width=4) == [0, 10, 20, 30]


async def test_as_many_as_allowed_run_at_once_and_no_more() -> None:
    running = 0
    most = 0
    full = asyncio.Event()

    async def work(_: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 3:
            full.set()
        await full.wait()
        await asyncio.sleep(0)
        running -= 1

    await in_parallel(work, range(20), width=3)

    assert most == 3


async def test_the_first_error_comes_out_as_it_is_and_ends_the_others() -> None:
    ended: list[int] = []

    async def work(number: int) -> None:
        if number == 1:
            raise LookupError("gone")
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(number)

    with pytest.raises(LookupError, match="gone"):
        await in_parallel(work, range(5), width=3)

    assert ended == [0, 2]


async def test_nothing_to_do_is_done_at_once() -> None:
    async def work(number: int) -> int:
        return number

    assert await in_parallel(work, [], width=3) == []
