"""Turns: where taps and points wait until a schedule lets their work go ahead."""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar, final

from harness.model.race import Movement
from harness.observe.owning import NOW_OPENING
from harness.point import GIVE_UP, STEP, Work
from harness.recording.context import EXCHANGE
from harness.scheduling.actors import ACTOR
from harness.scheduling.entry import Entry, State
from harness.scheduling.moves import Move
from harness.scheduling.outcomes import (
    AFTER,
    CANCELLED_STATE,
    CUT,
    FAILED_STATE,
    HANG,
    RAISE,
    SENT,
    UNDONE,
)

if TYPE_CHECKING:
    from harness.scheduling.flights import Flights
    from harness.scheduling.loop import GatedLoop

T = TypeVar("T")

_INSIDE: ContextVar[Entry | None] = ContextVar("harness_inside", default=None)
"""The operation that the running code is part of."""


@final
class Turns:
    """The gate of one schedule.

    Args:
        loop: On which it is awaited.
        flights: Takes account of what was sent.
        told: Hears what becomes of each operation.
        named: Says how to call a tenant of which an initialiser was told this.

    Attributes:
        is_open: Whether all goes ahead as it comes: before the schedule, and after it.
        parked: What waits for its turn.
        hung: What is not going to be answered for as long as anything else goes on.
        tampered: What is under way and will be cancelled or cut off.
        sequences: How many operations of each actor were parked.
    """

    def __init__(
        self,
        loop: GatedLoop,
        flights: Flights,
        told: Callable[[Move], None],
        named: Callable[[str], str],
    ) -> None:
        self.is_open = True
        self.parked: list[Entry] = []
        self.hung: list[Entry] = []
        self.tampered: list[Entry] = []
        self.sequences: dict[str, int] = {}
        self._loop = loop
        self._flights = flights
        self._told = told
        self._named = named
        self._came = 0
        self._threads = threading.local()

    async def perform(self, work: Work[T]) -> T:
        """Do a piece of work when the schedule says so."""
        outer = _INSIDE.get()
        # What a time-out sends after a statement is no part of that.
        part = work.kind != GIVE_UP
        inside = part and outer is not None and outer.state is State.FLYING
        # How far others have come when a real answer comes would be luck.
        passes = work.kind == STEP and bool(self._flights.flying)
        if inside or self.is_open or passes:
            return await work.call()
        entry = self._park(work)
        if work.parks:
            await self._turn(entry)
        else:
            self._flights.begin(entry)
        token = _INSIDE.set(entry)
        movement = Movement.CAME
        try:
            result = await self._fly(entry, work)
        except asyncio.CancelledError:
            movement = Movement.CANCELLED
            raise
        except BaseException:
            movement = Movement.FAILED
            raise
        finally:
            _INSIDE.reset(token)
            if movement is not Movement.CAME:
                await self._land(entry, movement)
        if work.cancels:
            self._flights.called_off(work.cancels)
        try:
            await self._land(entry, movement)
        except asyncio.CancelledError:
            # As if the answer had been read, and the cancellation had come then.
            if work.discard is not None:
                work.discard(result)
            raise
        return result

    async def in_thread(self, name: str, call: Callable[[], asyncio.Future[T]]) -> T:
        """Have a function run in a thread when the schedule says so."""
        return await self.perform(Work("thread", name, call))

    def owned(self, func: Callable[..., T]) -> Callable[..., T]:
        """Return a function which, in a thread, belongs to the running operation."""
        entry = _INSIDE.get()

        @functools.wraps(func)
        def ran(*args: Any) -> T:
            self._threads.entry = entry
            try:
                return func(*args)
            finally:
                self._threads.entry = None

        return ran

    def lend(self, work: Coroutine[Any, Any, T]) -> Coroutine[Any, Any, T]:
        """Return what the loop is to run for the thread that this is called on."""
        entry = getattr(self._threads, "entry", None) or _INSIDE.get()
        return work if entry is None else self._lent(entry, work)

    async def _lent(self, entry: Entry, work: Coroutine[Any, Any, T]) -> T:
        token = _INSIDE.set(None)
        entry.lent += 1
        ACTOR.set(entry.person)
        try:
            return await work
        finally:
            entry.lent -= 1
            entry.since = time.monotonic()
            _INSIDE.reset(token)

    def _park(self, work: Work[Any]) -> Entry:
        person, key = ACTOR.get(), NOW_OPENING.get()
        actor = f"{person} opens {self._named(key)}" if key else person
        sequence = self.sequences.get(actor, 0)
        if work.parks:
            # How often others come may be luck: in how many parts an answer comes.
            self.sequences[actor] = sequence + 1
        self._came += 1
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        turn: asyncio.Future[str] = self._loop.create_future()
        exchange = EXCHANGE.get()
        entry = Entry(
            work, actor, sequence, task, turn, self._came, key, person, exchange
        )
        if work.parks:
            self.parked.append(entry)
        return entry

    async def _turn(self, entry: Entry) -> None:
        try:
            await entry.turn
        except asyncio.CancelledError:
            for waiting in (self.parked, self.hung):
                if entry in waiting:
                    waiting.remove(entry)
            self._flights.abandon(entry)
            self.tell(entry, Movement.CANCELLED)
            raise

    async def _fly(self, entry: Entry, work: Work[T]) -> T:
        outcome = entry.outcome
        if (outcome == RAISE and work.wire is None) or outcome == HANG:
            if work.wire is not None:
                work.wire.cut()
                # Those who have the connection are told in the next round.
                await asyncio.sleep(0)
            raise _failure(work)
        if work.wire is not None:
            if outcome == RAISE:
                work.wire.spoil(FAILED_STATE)
            elif outcome in {SENT, UNDONE, CUT}:
                if outcome == UNDONE:
                    work.wire.spoil(CANCELLED_STATE)
                work.wire.hold()
                entry.held = True
                self.tampered.append(entry)
        if outcome == AFTER:
            self.tampered.append(entry)
        return await work.call()

    async def _land(self, entry: Entry, movement: Movement) -> None:
        if entry in self.tampered:
            self.tampered.remove(entry)
        wire = entry.work.wire
        gave_up = movement is Movement.FAILED and wire is not None and wire.outstanding
        if movement is Movement.CANCELLED or gave_up:
            self._flights.abandon(entry)
        elif self._flights.over(entry) and entry.landing is not None:
            try:
                await entry.landing
            except asyncio.CancelledError:
                self._flights.abandon(entry)
                self.tell(entry, Movement.CANCELLED)
                if entry.work.kind != "thread":
                    raise
                # What a thread has done is handed over, and the next wait is cancelled.
                entry.task.uncancel()
                entry.task.cancel()
                return
        self.tell(entry, movement)

    def tell(self, entry: Entry, movement: Movement) -> None:
        """Tell what became of an operation, unless there was no choice about it."""
        if entry.work.parks:
            operation = entry.option(entry.outcome)
            self._told(Move(operation, movement, entry=entry))


def _failure(work: Work[Any]) -> Exception:
    if work.failure is not None:
        return work.failure()
    return ConnectionResetError("connection lost")
