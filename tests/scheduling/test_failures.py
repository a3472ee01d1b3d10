"""Operations that fail where the schedule says so, on the real server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import asyncpg
import pytest

from harness.model.race import Ending
from harness.scheduling.choice import Operation
from harness.scheduling.kernel import Kernel
from harness.scheduling.locks import Locks
from harness.scheduling.outcomes import CUT, HANG, RAISE
from tests.scheduling.ground import Played, Takes, play, read

INSERT = "insert into counters values ('new', 1)"


def failing(
    dsn: str,
    locks: Locks,
    outcome: str,
    body: Callable[[asyncpg.Connection], object],
    label: str = INSERT,
) -> Played:
    """Connect, do something, and have one operation of that fail."""

    async def scenario(_: Kernel) -> None:
        connection = await asyncpg.connect(dsn)
        try:
            await body(connection)  # type: ignore[misc]
        finally:
            connection.terminate()

    def wanted(one: Operation) -> bool:
        return one.outcome == outcome and one.label.startswith(label)

    chooser = Takes(wanted)
    played = play(scenario, chooser, locks=locks, fails=(outcome,), faults=1)
    assert not chooser.left
    assert played.ran.ending is Ending.ENDED
    assert not played.ran.uncontrolled
    return played


def stored(dsn: str) -> int:
    return len(read(dsn, "select 1 from counters where name = 'new'"))


def test_a_statement_that_fails_aborts_its_transaction_on_the_server(
    dsn: str, locks: Locks
) -> None:
    async def body(connection: asyncpg.Connection) -> None:
        transaction = connection.transaction()
        await transaction.start()
        with pytest.raises(asyncpg.InternalServerError, match="harness"):
            await connection.execute(INSERT)
        with pytest.raises(asyncpg.InFailedSQLTransactionError):
            await connection.execute("select 1")
        await transaction.rollback()
        assert await connection.fetchval("select 1") == 1

    assert failing(dsn, locks, RAISE, body).ran.error is None
    assert stored(dsn) == 0


def test_a_statement_that_is_cut_off_was_done_and_the_connection_is_lost(
    dsn: str, locks: Locks
) -> None:
    async def body(connection: asyncpg.Connection) -> None:
        with pytest.raises((asyncpg.ConnectionDoesNotExistError, OSError)):
            await connection.execute(INSERT)
        assert connection.is_closed()

    assert failing(dsn, locks, CUT, body).ran.error is None
    assert stored(dsn) == 1


def test_a_statement_that_hangs_ends_with_a_lost_connection_at_last(
    dsn: str, locks: Locks
) -> None:
    order: list[str] = []

    async def body(connection: asyncpg.Connection) -> None:
        async def elsewhere() -> None:
            await asyncio.sleep(60)
            order.append("elsewhere")

        other = asyncio.create_task(elsewhere())
        with pytest.raises(asyncpg.ConnectionDoesNotExistError):
            await connection.execute(INSERT)
        order.append("lost")
        assert connection.is_closed()
        await other

    assert failing(dsn, locks, HANG, body).ran.error is None
    assert order == ["elsewhere", "lost"]
    assert stored(dsn) == 0


@pytest.mark.parametrize("outcome", [RAISE, HANG])
def test_a_connection_that_is_refused_can_be_tried_again(
    dsn: str, locks: Locks, outcome: str
) -> None:
    async def scenario(_: Kernel) -> None:
        # asyncpg itself gives up after a minute.
        with pytest.raises((ConnectionRefusedError, TimeoutError)):
            await asyncpg.connect(dsn)
        connection = await asyncpg.connect(dsn)
        connection.terminate()

    chooser = Takes(lambda one: one.outcome == outcome)
    ran = play(scenario, chooser, locks=locks, fails=(outcome,), faults=1).ran

    assert not chooser.left
    assert ran.error is None


def test_no_more_fails_than_may(dsn: str, locks: Locks) -> None:
    failures: list[BaseException] = []

    async def scenario(_: Kernel) -> None:
        connection = await asyncpg.connect(dsn)
        for _attempt in range(4):
            try:
                await connection.execute("select 1")
            except asyncpg.InternalServerError as error:
                failures.append(error)
        connection.terminate()

    def fails(one: Operation) -> bool:
        return one.outcome == RAISE and one.kind == "query"

    chooser = Takes(*[fails] * 4)
    assert (
        play(scenario, chooser, locks=locks, fails=(RAISE,), faults=2).ran.error is None
    )

    assert len(failures) == 2


def test_asyncpg_says_itself_that_a_connection_is_in_use(
    dsn: str, locks: Locks
) -> None:
    """Whichever of the two goes first: the other was told at once."""
    refused: list[str] = []

    async def scenario(_: Kernel) -> None:
        connection = await asyncpg.connect(dsn)

        async def ask() -> None:
            try:
                await connection.fetchval("select 1")
            except asyncpg.InterfaceError as error:
                refused.append(str(error))

        await asyncio.gather(ask(), ask())
        assert await connection.fetchval("select 1") == 1
        connection.terminate()

    assert play(scenario, locks=locks).ran.error is None

    assert refused == ["cannot perform operation: another operation is in progress"]
