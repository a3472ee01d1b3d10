"""What was sent and is not answered is waited for, unless it waits for others."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import pytest

from harness.point import Work
from harness.scheduling.entry import Entry, State
from harness.scheduling.flights import Flights
from harness.scheduling.fresh import gated_loop
from harness.scheduling.outside import Outside

BACKEND = 4711


@dataclass(slots=True)
class Unanswered:
    """A connection on which a statement is under way."""

    outstanding: bool = True
    backend: int = BACKEND

    def hold(self) -> None: ...

    def resume(self) -> None: ...

    def answered(self) -> bool:
        return False

    def spoil(self, sqlstate: str) -> None: ...

    def cut(self) -> None: ...


class Locked:
    """A database in which all statements wait for one lock, as far as is known."""

    def waiting(self, backends: Collection[int]) -> dict[int, tuple[int, ...]]:
        return dict.fromkeys(backends, (1,))


@pytest.fixture
def flights() -> Iterator[Flights]:
    with gated_loop() as loop:
        yield Flights(loop, Locked(), Outside(loop))


def given_up(flights: Flights) -> Entry:
    """Return a statement that waited for a lock until its time was over."""
    with gated_loop() as loop:

        async def entry() -> Entry:
            task = asyncio.current_task()
            assert task is not None
            work = Work("query", "update", asyncio.sleep, Unanswered())  # type: ignore[arg-type]
            return Entry(work, "one", 0, task, loop.create_future(), 1)

        made = loop.run_until_complete(entry())
    flights.begin(made)
    flights.abandon(made)
    return made


def test_the_answer_to_what_waits_for_a_lock_is_not_waited_for(
    flights: Flights,
) -> None:
    entry = given_up(flights)

    assert entry.state is State.DRAINING
    while flights.settle():
        pass
    assert entry.waits


def test_the_answer_to_what_the_server_was_told_to_give_up_is_waited_for(
    flights: Flights,
) -> None:
    entry = given_up(flights)
    while flights.settle():
        pass

    flights.called_off(BACKEND)

    # The database may still say that it waits for the lock.
    assert [flights.settle() for _ in range(5)] == [True] * 5
    wire = entry.work.wire
    assert isinstance(wire, Unanswered)
    wire.outstanding = False
    assert not flights.settle()


def test_what_another_session_gives_up_changes_nothing(flights: Flights) -> None:
    entry = given_up(flights)

    flights.called_off(BACKEND + 1)

    while flights.settle():
        pass
    assert entry.waits
