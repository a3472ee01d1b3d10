"""A choice: which of several parked operations goes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, TypeAlias

CLOCK: Final = "clock"
"""The actor of time itself; first-come-first-served lets it go when all else waits."""

STOP: Final = "stop"
"""Kind of the operation with which the app begins to stop."""


WAIT: Final = "wait"
"""Kind of an outcome with which somebody leaves who waits for what others do."""


class Key(NamedTuple):
    """What makes an operation the same one in another run of the program.

    Attributes:
        actor: Whose it is.
        sequence: How many operations of this actor came before.
        outcome: "" if it goes ahead as it is.
    """

    actor: str
    sequence: int
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One option of a choice: an operation, and what is to become of it.

    No two options of a choice have the same key, and no key is taken twice in a run.
    An operation may stay parked when an outcome of it was taken, such as that its
    client leaves.

    Attributes:
        actor: Whose it is: ``lifespan``, ``request 1``, ``cancel request 1``, …
        sequence: How many operations of this actor were parked before, from 0.
        kind: ``query``, ``connect``, ``arrive``, ``sleep``, ``http``, ``thread``,
            ``point``, ``cancel``, …
        label: For people; it may differ from run to run.
        outcome: "" if it goes ahead as it is, else what happens to it instead:
            ``cancel before``, ``cancel sent``, ``cancel after``, ``raise``,
            ``cut off``, ``hang``, …
    """

    actor: str
    sequence: int
    kind: str
    label: str
    outcome: str = ""

    @property
    def key(self) -> Key:
        """Its identity."""
        return Key(self.actor, self.sequence, self.outcome)

    @property
    def plain(self) -> Key:
        """The identity of the same operation when it goes ahead as it is."""
        return Key(self.actor, self.sequence)

    @property
    def beside(self) -> bool:
        """Whether it is no operation's turn: an outcome, or time that passes."""
        return self.outcome != "" or self.actor == CLOCK


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision of a run, as it was made.

    Attributes:
        index: How many decisions of this run came before.
        options: At least two. Those with outcome "" come first, in the order in which
            first-come-first-served would take them; so ``options[0]`` is its pick, and
            always has outcome "".
        taken: Index of the option that was taken; 0 is no deviation.
    """

    index: int
    options: tuple[Operation, ...]
    taken: int

    @property
    def operation(self) -> Operation:
        """The option that was taken."""
        return self.options[self.taken]


Trace: TypeAlias = tuple[Choice, ...]
"""All choices of one run, in their order."""

Schedule: TypeAlias = tuple[Key, ...]
"""What was taken at each choice: two runs with the same are the same schedule."""


class Chooser(Protocol):
    """Makes the decisions of one run; a run needs one of its own."""

    def choose(self, options: Sequence[Operation]) -> int:
        """Return the index of the option to take.

        Args:
            options: In the order that `Choice` says. It is asked only where there are
                two or more; one option goes by itself.
        """
        ...


class FirstCome:
    """Takes what has waited longest: how the program runs if nobody interferes."""

    def choose(self, options: Sequence[Operation]) -> int:
        return 0


class OneByOne:
    """Lets who came first be through before the next one begins.

    What belongs to no request goes ahead of all that do, but the app's stop, which
    comes when they are through.
    """

    def choose(self, options: Sequence[Operation]) -> int:
        places = [place for place, one in enumerate(options) if not one.beside]
        return min(places, key=lambda place: (*_turn(options[place]), place))


def _turn(option: Operation) -> tuple[bool, int]:
    return option.kind == STOP, _number(option.actor)


def _number(actor: str) -> int:
    """Return the number in ``request 3`` or ``request 3 opens A``; else 0."""
    numbers = (int(word) for word in actor.split()[1:2] if word.isdecimal())
    return next(numbers, 0)


def schedule_of(trace: Trace) -> Schedule:
    """Return what was taken at each choice."""
    return tuple(choice.operation.key for choice in trace)
