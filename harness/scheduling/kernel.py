"""The kernel: decides, where the program suspends, who goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, Final, final

from harness.model.race import Ending, Movement, Waiting
from harness.scheduling.actors import Actor
from harness.scheduling.choice import CLOCK, WAIT, Choice, Chooser, Operation
from harness.scheduling.entry import Entry
from harness.scheduling.flights import Flights
from harness.scheduling.fresh import refuse_foreign_loop
from harness.scheduling.moves import Move, Ran
from harness.scheduling.outcomes import (
    BEFORE,
    CUT,
    DISCONNECT,
    HANG,
    RAISE,
    Option,
    endings_of,
    options_of,
    outcomes_of,
)
from harness.scheduling.outside import Outside
from harness.scheduling.rows import Row
from harness.scheduling.standstill import Standstill
from harness.scheduling.tampering import Tampering
from harness.scheduling.turns import Turns
from harness.scheduling.waits import who_waits

if TYPE_CHECKING:
    from harness.scheduling.locks import Locks
    from harness.scheduling.loop import GatedLoop

EPOCH: Final = 1_000.0
"""What the clock of each schedule shows at first, in seconds."""
MOST_STEPS: Final = 20_000
"""Operations and advances of the clock after which a schedule is called endless."""
MOST_EARLY: Final = 3
"""How often in a schedule a sleep may end while others could go on.

A time-out never ends before them: something has to hang for that.
"""
MOST_SPINS: Final = 500
"""Rounds of the loop in which something could always run, after which others go on.

Who polls with `asyncio.sleep(0)` would else wait for ever for what waits for its turn.
"""
_SPIN: Final = 100
"""Steps that such a row of rounds counts for."""
_FOREIGN: Final = 2.0
"""Seconds that something which is not under control is waited for."""
_DETECTED: Final = 5.0
"""Seconds in which Postgres resolves a circle of locks."""


@final
class Kernel:
    """Runs one schedule on a gated loop.

    Args:
        loop: The loop; it is a stock one again when `run` returns.
        chooser: Makes the decisions.
        locks: Tells which statements wait for a lock in the database.
        told: Hears what becomes of each operation.
        named: Says how to call a tenant of which an initialiser was told this.
        fails: Says how an operation may fail: ``raise``, ``cut off``, ``hang``.
        faults: How many operations may fail in this schedule.
        background: Names of actors that go on by themselves.

    Raises:
        UsageError: It is another kind of loop.

    Attributes:
        actors: Who acts, by name.
        is_exploring: Whether there is anything to choose; else what came first goes.
    """

    def __init__(
        self,
        loop: GatedLoop,
        chooser: Chooser,
        *,
        locks: Locks,
        told: Callable[[Move], None] = lambda _: None,
        named: Callable[[str], str] = lambda key: key,
        fails: Callable[[Entry], Collection[str]] = lambda _: (),
        faults: int = 0,
        background: Collection[str] = (),
    ) -> None:
        refuse_foreign_loop(loop)
        self.actors: dict[str, Actor] = {}
        self.is_exploring = True
        self._loop = loop
        self._chooser = chooser
        self._told = told
        self._fails = fails
        self._faults = faults
        self._outside = Outside(loop)
        self._flights = Flights(loop, locks, self._outside)
        self._turns = Turns(loop, self._flights, told, named)
        self._tampering = Tampering(self._turns.tampered, self._leave)
        self._standstill = Standstill(loop, background)
        self._trace: list[Choice] = []
        self._steps = 0
        self._operations = 0
        self._early = 0
        self._spins = 0
        self._row = Row()
        self._ending = Ending.ENDED
        self._waiting: tuple[Waiting, ...] = ()
        self._failure: BaseException | None = None

    # The driver that the loop asks.

    def busy(self) -> None:
        """Cancel who is to be cancelled between an answer and its delivery."""
        self._outside.note_who_waited()
        self._tampering.before_delivery()
        self._spins += 1
        if self._spins >= MOST_SPINS:
            self._spins = 0
            self._guarded(self._spun)

    def idle(self) -> None:
        """Make something ready: nothing can run."""
        self._spins = 0
        self._outside.rest()
        self._guarded(self._rested)

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except BaseException as error:  # noqa: BLE001 - shown where the schedule is run
            self._failure = error
            self._loop.stop()

    def _rested(self) -> None:
        while not (self._loop.is_ready or self._loop.is_stopping):
            self._go_on()

    def _spun(self) -> None:
        """Let others go on, too, where somebody never waits."""
        self._steps += _SPIN
        if self._steps > MOST_STEPS:
            self._end(Ending.ENDLESS)
        elif self._goes_on_by_itself():
            return
        elif options := self._options():
            self._choose(options)
        elif self._loop.next_timer() is not None:
            self._advance()

    def _goes_on_by_itself(self) -> bool:
        """Return whether what is under way makes something happen, with no choice."""
        return (
            self._tampering.amid_answers()
            or self._flights.settle()
            or self._flights.deliver()
        )

    def _go_on(self) -> None:
        if self._goes_on_by_itself() or self._flights.listen(0):
            return
        self._steps += 1
        if self._steps > MOST_STEPS:
            self._end(Ending.ENDLESS)
        elif self._row.is_long and self._interrupted():
            self._row.ends()
        elif options := self._options():
            self._choose(options)
        else:
            self._nothing_parked()

    def _interrupted(self) -> bool:
        """Let others go on where steps were all that went; False if nobody waits."""
        starved = self._row.starved(self._turns.parked)
        if starved is not None:
            self._release(starved, starved.option(), deviates=False)
        elif self._loop.next_timer() is not None:
            self._advance()
        return self._loop.is_ready

    def _options(self) -> list[Option]:
        timer = self._loop.next_sleep() if self._early < MOST_EARLY else None
        clock = None if timer is None else self._clock(timer)
        options = options_of(self._turns.parked, clock=clock, others=self._others)
        if not self.is_exploring:
            return options[:1]
        if options:
            options.extend((leaving, None) for leaving in self._leaving())
        return options

    def _leaving(self) -> Iterator[Operation]:
        """Yield that somebody goes away who waits for what others do."""
        under_way = (*self._turns.parked, *self._turns.hung, *self._flights.waiting)
        busy = {one.person for one in under_way}
        for actor in self.actors.values():
            if actor.name not in busy:
                sequence = self._turns.sequences.get(actor.name, 0)
                for outcome in endings_of(actor):
                    yield Operation(
                        actor.name, sequence, WAIT, "waits for others", outcome
                    )

    def _others(self, entry: Entry) -> Iterator[str]:
        fails = self._fails(entry) if self._faults > 0 else ()
        return outcomes_of(entry, self.actors.get(entry.person), fails=fails)

    def _clock(self, timer: asyncio.TimerHandle) -> Operation:
        sequence = self._turns.sequences.get(CLOCK, 0)
        later = max(0.0, timer.when() - self._loop.time())
        return Operation(CLOCK, sequence, "clock", f"{later:.3g} s pass")

    def _choose(self, options: list[Option]) -> None:
        taken = 0
        operations = tuple(operation for operation, _ in options)
        if len(options) > 1:
            taken = self._chooser.choose(operations)
            self._trace.append(Choice(len(self._trace), operations, taken))
        operation, entry = options[taken]
        if operation.actor == CLOCK:
            self._hasten()
        elif operation.outcome in {BEFORE, DISCONNECT}:
            self._told(Move(operation, Movement.LEFT, True, entry))
            self._goes(entry.person if entry else operation.actor, operation.outcome)
        elif entry is not None:
            self._release(entry, operation, deviates=taken > 0)

    def _release(self, entry: Entry, operation: Operation, *, deviates: bool) -> None:
        self._turns.parked.remove(entry)
        entry.outcome = operation.outcome
        if operation.outcome in {RAISE, CUT, HANG}:
            self._faults -= 1
        self._told(Move(operation, Movement.WENT, deviates, entry))
        if operation.outcome == HANG:
            self._turns.hung.append(entry)
            return
        self._operations += 1
        self._standstill.went(entry.person)
        self._row.took(entry)
        self._flights.begin(entry)
        entry.turn.set_result(operation.outcome)

    def _leave(self, entry: Entry) -> None:
        """Have the actor leave amid an operation of its."""
        if not self.actors[entry.person].left:
            self._turns.tell(entry, Movement.LEFT)
            self._goes(entry.person, entry.outcome)

    def _goes(self, name: str, outcome: str) -> None:
        actor = self.actors[name]
        if actor.left:
            return
        actor.left = True
        act = actor.disconnect if outcome == DISCONNECT else actor.leave
        if act is not None:
            act()

    def _hasten(self) -> None:
        """Let who sleeps wake up although others could go on."""
        self._early += 1
        timer = self._loop.next_sleep()
        if timer is not None:
            self._tell_of_time(timer, deviates=True)
            self._loop.hasten(timer)

    def _advance(self) -> None:
        """Set the clock forward to what is due next."""
        timer = self._loop.next_timer()
        if timer is not None:
            self._tell_of_time(timer, deviates=False)
            self._loop.advance(timer)
            # The loop runs what is due when it is asked next.
            self._loop.call_soon(_nothing)

    def _tell_of_time(self, timer: asyncio.TimerHandle, *, deviates: bool) -> None:
        seconds = max(0.0, timer.when() - self._loop.time())
        clock = self._clock(timer)
        self._told(Move(clock, Movement.CLOCK, deviates, seconds=seconds))
        count = self._turns.sequences.get(CLOCK, 0)
        self._turns.sequences[CLOCK] = count + 1

    def _nothing_parked(self) -> None:
        """Go on where no operation can be chosen."""
        circle = self._flights.waiting and self._flights.locked_in_circle()
        if circle and self._flights.listen(_DETECTED):
            return
        timed = self._loop.next_timer() is not None
        if timed and not self._standstill.lasts:
            self._advance()
        elif self._turns.hung:
            # It has been away for as long as anything else went on.
            entry = self._turns.hung.pop(0)
            self._standstill.went(entry.person)
            self._flights.begin(entry)
            entry.turn.set_result(HANG)
        elif self._flights.waiting:
            if not self._flights.listen(_FOREIGN):
                self._end(Ending.DEADLOCK)
        elif self._outside.may_come and not timed:
            if not self._flights.listen(_FOREIGN):
                self._end(Ending.STUCK)
        else:
            self._end(Ending.DEADLOCK)

    def _end(self, ending: Ending) -> None:
        self._ending = ending
        self._waiting = who_waits(self._loop)
        self._loop.stop()

    # Running it.

    def _through(self, _: asyncio.Task[None]) -> None:
        self._loop.stop()

    def run(self, scenario: Coroutine[Any, Any, None]) -> Ran:
        """Run a scenario to its end, or to where nothing goes on.

        What the scenario leaves behind is for the caller to cancel.

        Raises:
            PostgresError: The database does not answer.
        """
        loop, error = self._loop, None
        loop.stop_clock(EPOCH)
        loop.driver, loop.harness_gate = self, self._turns
        self._turns.is_open = False
        task = loop.create_task(scenario)
        try:
            task.add_done_callback(self._through)
            loop.run_forever()
        finally:
            # Whoever cancels it later goes on with the loop.
            task.remove_done_callback(self._through)
            self._turns.is_open = True
            loop.driver = loop.harness_gate = None
            loop.start_clock()
        if self._failure is not None:
            task.cancel()
            raise self._failure
        if task.done() and not task.cancelled():
            error = task.exception()
        return Ran(
            ending=self._ending,
            error=error,
            trace=tuple(self._trace),
            waiting=self._waiting,
            operations=self._operations,
            uncontrolled=tuple(self._outside.uncontrolled),
        )


def _nothing() -> None:
    """Be something that is ready."""


__all__ = ["CLOCK", "EPOCH", "Kernel", "Move", "Ran"]
