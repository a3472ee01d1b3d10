"""Tapes: a schedule, stored as where it deviates from first-come-first-served.

A deviation does not say at which choice it happens, since leaving out one of several
would shift the numbers of all that follow. It names operations. There are three kinds:

* *X goes ahead of Y*: Y is held until X has gone, and what stands behind Y goes
  meanwhile.
* *X ends so*: when X is taken, it is by this outcome.
* *X happens ahead of Y*, where X does not wait for a turn of its own: time passes, a
  client leaves. It is taken when it is Y's turn, and holds nothing.

Orders between two operations are also what the depth of a bug is counted in (see
`harness.scheduling.search.pct`), so what is left of a tape once it was shrunk is the
bug's reason. Where a choice lets the third in the queue go first, the tape has two
orders, and perhaps only one of them matters.

`tape_of` gives for each run a tape that makes it again. An operation that was overtaken
is held until the last one that overtook it has gone. Then at each choice all that stand
before the one that was taken are held, for it overtook them; and it is not itself held,
for all that overtook it have gone. For what happens beside the operations it is noted
whose turn it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

from harness.scheduling.choice import CLOCK, Choice, Key, Operation, Trace


@dataclass(frozen=True, slots=True)
class Deviation:
    """One thing that is otherwise than first-come-first-served would have it.

    Attributes:
        operation: Which operation it is about; with an outcome if it ends so.
        ahead_of: Before which operation it goes; None if only its outcome deviates.
    """

    operation: Key
    ahead_of: Key | None = None

    def __str__(self) -> str:
        subject = f"{self.operation.actor} #{self.operation.sequence}"
        if self.operation.outcome:
            subject += f" ({self.operation.outcome})"
        if self.ahead_of is None:
            return subject
        return f"{subject} ahead of {self.ahead_of.actor} #{self.ahead_of.sequence}"


Tape: TypeAlias = tuple[Deviation, ...]
"""Deviations; () is first-come-first-served."""


@final
class Player:
    """Plays a tape: the chooser of one run.

    If an operation is held though nothing else can go, then what it waits for will not
    come any more: it goes, and the deviation *does not fit* this run.

    Args:
        tape: What to play.
    """

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._done: set[Deviation] = set()
        self._parked: set[Key] = set()
        self._taken: set[Key] = set()
        self._furthest: dict[str, int] = {}
        self._orders: dict[Key, list[Deviation]] = {}
        self._holds: dict[Key, list[Deviation]] = {}
        self._events: dict[Key, list[Deviation]] = {}
        for one in tape:
            plain = Key(one.operation.actor, one.operation.sequence)
            if one.ahead_of is None or one.operation.outcome or plain.actor == CLOCK:
                self._events.setdefault(one.ahead_of or plain, []).append(one)
            else:
                self._orders.setdefault(plain, []).append(one)
                self._holds.setdefault(one.ahead_of, []).append(one)

    @property
    def unfit(self) -> Tape:
        """The deviations that have not happened; after the run: that do not fit.

        One whose order came about without it counts as fitting.
        """
        return tuple(one for one in self._tape if one not in self._done)

    def choose(self, options: Sequence[Operation]) -> int:
        places = {option.key: place for place, option in enumerate(options)}
        place = self._event(options[self.turn(options)].key, places)
        self.took(options[place])
        return place

    def turn(self, options: Sequence[Operation]) -> int:
        """Return the place of the operation whose turn it is: the first not held."""
        self._parked = {option.key for option in options}
        for option in options:
            seen = self._furthest.get(option.actor, -1)
            self._furthest[option.actor] = max(seen, option.sequence)
        for place, option in enumerate(options):
            waits = not option.outcome and option.actor != CLOCK
            if waits and not self._is_held(option.key):
                return place
        return 0

    def took(self, option: Operation) -> None:
        """Note what was taken."""
        self._taken |= {option.key, option.plain}
        for one in self._orders.get(option.plain, ()):
            if one.ahead_of in self._parked or one.ahead_of not in self._taken:
                self._done.add(one)

    def _is_held(self, key: Key) -> bool:
        waiting = False
        for one in self._holds.get(key, ()):
            if not self._is_gone(one.operation):
                waiting = True
            else:
                self._done.add(one)
        return waiting

    def _is_gone(self, key: Key) -> bool:
        """Tell whether it has been taken, perhaps where there was no choice."""
        if key in self._parked:
            return False
        return key in self._taken or key.sequence < self._furthest.get(key.actor, -1)

    def _event(self, key: Key, places: dict[Key, int]) -> int:
        """Return the place of what is to happen when it is an operation's turn."""
        for one in self._events.get(key, ()):
            if one.operation in places and one not in self._done:
                self._done.add(one)
                return places[one.operation]
        return places[key]


def tape_of(trace: Trace) -> Tape:
    """Return a tape that makes a run again; none of its deviations is idle."""
    last_seen = {
        option.key: choice.index for choice in trace for option in choice.options
    }
    moves = [choice for choice in trace if _moves(choice, last_seen)]
    overtaken: dict[Key, Key] = {}
    for choice in moves:
        overtaken.update(dict.fromkeys(_overtaken(choice), choice.operation.plain))
    orders = tuple(Deviation(last, ahead_of=key) for key, last in overtaken.items())
    player = Player(orders)
    events = tuple(_event(choice, player) for choice in trace)
    return orders + tuple(one for one in events if one is not None)


def makes(tape: Tape, trace: Trace) -> bool:
    """Tell whether a tape, given the options of a run, makes the same choices."""
    player = Player(tape)
    return all(player.choose(choice.options) == choice.taken for choice in trace)


def _moves(choice: Choice, last_seen: Mapping[Key, int]) -> bool:
    """Tell whether an operation went, well or not, rather than something beside it."""
    taken = choice.operation
    return taken.actor != CLOCK and last_seen.get(taken.plain) == choice.index


def _overtaken(choice: Choice) -> Iterator[Key]:
    """Give the operations that stood before the one that was taken."""
    for option in choice.options:
        if option.key == choice.operation.plain:
            return
        if not option.outcome:
            yield option.key


def _event(choice: Choice, player: Player) -> Deviation | None:
    """Return what happened at a choice beside the order; the player goes on."""
    taken = choice.operation
    turn = choice.options[player.turn(choice.options)].key
    player.took(taken)
    if not taken.outcome and taken.actor != CLOCK:
        return None
    return Deviation(taken.key, None if taken.plain == turn else turn)
