"""A toy program: actors that do operations one at a time, and no I/O at all.

An actor is a generator. It yields `Io` for an operation, `Until` to wait for others,
and `Spawn` to have a task of its own run beside it. Nothing runs while a choice is
made, as under the real scheduler.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from harness.scheduling.choice import CLOCK, Choice, Chooser, Key, Operation, Trace


@dataclass(frozen=True)
class Io:
    """Something that certainly suspends."""

    label: str


@dataclass(frozen=True)
class Until:
    """Waits until something holds."""

    holds: Callable[[], bool]


@dataclass(frozen=True)
class Spawn:
    """Starts a task that belongs to the same actor."""

    task: Task


Task: TypeAlias = Generator[Io | Until | Spawn, None, None]


class Cancelled(BaseException):
    """What asyncio.CancelledError is."""


OUTCOMES: dict[str, type[BaseException]] = {"cancel": Cancelled, "raise": OSError}


@dataclass
class Running:
    """A task, and what it waits for."""

    actor: str
    task: Task
    thrown: BaseException | None = None
    waits: Until | None = None
    ended: bool = False
    error: BaseException | None = None


@dataclass
class Parked:
    """An operation that has not gone ahead."""

    operation: Operation
    owner: Running


@dataclass
class Toy:
    """One run of a program.

    Attributes:
        actors: What each actor does.
        outcomes: What can become of an operation instead, for the actors named.
        leaving: Which actors' clients may leave, once, while the actor is not done.
        ticks: How often the clock may go on while others wait.
        now: How often it has.
        left: Whose clients have left.
        told: Which operations were told that theirs has, without being cancelled.
    """

    actors: dict[str, Task]
    outcomes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    leaving: tuple[str, ...] = ()
    ticks: int = 0
    now: int = 0
    left: set[str] = field(default_factory=set)
    told: set[tuple[Key, str]] = field(default_factory=set)
    tasks: list[Running] = field(default_factory=list)
    parked: list[Parked] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    taken: list[Operation] = field(default_factory=list)

    def run(self, chooser: Chooser) -> Trace:
        """Run to the end, or until nothing can go any more."""
        self.tasks = [Running(actor, task) for actor, task in self.actors.items()]
        ready = list(self.tasks)
        trace: list[Choice] = []
        while True:
            self._settle(ready)
            options = self._options()
            if not options:
                return tuple(trace)
            place = 0
            if len(options) > 1:
                place = chooser.choose(options)
                trace.append(Choice(len(trace), options, place))
            ready = self._take(options[place])

    @property
    def stuck(self) -> list[Running]:
        """The tasks that wait for ever."""
        return [one for one in self.tasks if not one.ended]

    def cancel(self, actor: str) -> list[Running]:
        """Cancel an actor's first task where it waits; return it if it is to go on."""
        victim = next(one for one in self.tasks if one.actor == actor)
        if victim.ended:
            return []
        self.parked = [one for one in self.parked if one.owner is not victim]
        victim.thrown = Cancelled()
        return [victim]

    def _settle(self, ready: list[Running]) -> None:
        while ready:
            for task in ready:
                self._step(task)
            ready = [
                one
                for one in self.tasks
                if not one.ended and one.waits is not None and one.waits.holds()
            ]

    def _step(self, running: Running) -> None:
        running.waits = None
        while not running.ended:
            thrown, running.thrown = running.thrown, None
            try:
                wish = running.task.throw(thrown) if thrown else next(running.task)
            except StopIteration:
                running.ended = True
            except (Cancelled, Exception) as error:  # noqa: BLE001
                running.ended, running.error = True, error
            else:
                if self._waits(running, wish):
                    return

    def _waits(self, running: Running, wish: Io | Until | Spawn) -> bool:
        if isinstance(wish, Spawn):
            child = Running(running.actor, wish.task)
            self.tasks.append(child)
            self._step(child)
            return False
        if isinstance(wish, Until):
            running.waits = wish
            return not wish.holds()
        sequence = self.counts.get(running.actor, 0)
        self.counts[running.actor] = sequence + 1
        operation = Operation(running.actor, sequence, "point", wish.label)
        self.parked.append(Parked(operation, running))
        return True

    def _options(self) -> tuple[Operation, ...]:
        plain = [one.operation for one in self.parked]
        ending = (
            Operation(one.actor, one.sequence, one.kind, one.label, outcome)
            for one in plain
            for outcome in self.outcomes.get(one.actor, ())
            if (one.key, outcome) not in self.told
        )
        staying = (one for one in self.leaving if one not in self.left)
        leaving = (
            Operation(f"client of {actor}", 0, "cancel", "leaves", "leave")
            for actor in staying
            if any(one.actor == actor and not one.ended for one in self.tasks)
        )
        clock = Operation(CLOCK, self.now, "clock", "time passes")
        ticking = [clock] if self.now < self.ticks else []
        return (*plain, *ticking, *ending, *leaving) if plain else ()

    def _take(self, option: Operation) -> list[Running]:
        self.taken.append(option)
        if option.outcome == "leave":
            actor = option.actor.removeprefix("client of ")
            self.left.add(actor)
            return self.cancel(actor)
        if option.outcome == "disconnect":
            self.told.add((option.plain, option.outcome))
            return []
        if option.actor == CLOCK:
            self.now += 1
            return []
        place = next(
            place
            for place, one in enumerate(self.parked)
            if one.operation.key == option.plain
        )
        owner = self.parked.pop(place).owner
        if option.outcome:
            owner.thrown = OUTCOMES[option.outcome]()
        return [owner]


def steps(count: int, *, then: Callable[[], None] = lambda: None) -> Task:
    """Do so many operations, and something at the end."""
    for number in range(count):
        yield Io(f"step {number}")
    then()
