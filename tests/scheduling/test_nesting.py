"""Operations within operations, and tasks that outlive the one that they began in."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg

from harness.point import Gate, Work, point, running_gate
from harness.scheduling.kernel import Kernel
from harness.scheduling.locks import Locks
from tests.scheduling.ground import Follows, acting, play


def gate() -> Gate:
    found = running_gate()
    assert found is not None
    return found


def test_what_is_part_of_an_operation_goes_ahead_with_it() -> None:
    async def scenario(_: Kernel) -> None:
        async def call() -> str:
            await point("inner")
            await asyncio.gather(point("child"), point("child"))
            return "through"

        assert await gate().perform(Work("outer", "outer", call)) == "through"

    played = play(scenario)

    assert played.ran.error is None
    assert played.kinds("scenario") == ["outer"]


def test_a_task_that_outlives_its_operation_waits_for_turns_again() -> None:
    tasks: list[asyncio.Task[None]] = []

    async def scenario(_: Kernel) -> None:
        began = asyncio.Event()

        async def later() -> None:
            await began.wait()
            await point("later")

        async def call() -> None:
            tasks.append(asyncio.create_task(later()))

        await gate().perform(Work("outer", "outer", call))
        began.set()
        await tasks[0]

    played = play(scenario)

    assert played.ran.error is None
    assert played.kinds("scenario") == ["outer", "point"]


def test_copies_to_and_from_postgres_are_one_operation_each(
    dsn: str, locks: Locks
) -> None:
    """What feeds them may wait for something itself."""

    async def scenario(_: Kernel) -> None:
        connection = await asyncpg.connect(dsn)
        source = await asyncpg.connect(dsn)
        try:

            async def rows() -> Any:
                for index in range(3):
                    number = await source.fetchval("select $1::int", index)
                    yield f"copied{index}\t{number}\n".encode()

            await connection.copy_to_table("counters", source=rows())
            assert await connection.fetchval("select count(*) from counters") == 5
        finally:
            connection.terminate()
            source.terminate()

    played = play(scenario, locks=locks)

    assert played.ran.error is None
    assert not played.ran.uncontrolled


def test_actors_are_inherited_by_the_tasks_that_they_start() -> None:
    order: list[str] = []

    async def scenario(_: Kernel) -> None:
        async def child(name: str) -> None:
            await point("child")
            order.append(name)

        async def parent(name: str) -> None:
            await asyncio.create_task(child(name))

        await asyncio.gather(acting("a", parent("a")), acting("b", parent("b")))

    played = play(scenario, Follows("b", "a"))

    assert order == ["b", "a"]
    assert played.kinds("a") == played.kinds("b") == ["point"]
