"""Endings: one operation ends otherwise, all else goes as it came.

Somebody leaves, or something fails, at one place of the first run. The levels of
deviations have these runs, too, but among many others that only change an order; random
ones end much the same operations again and again, and miss some. Where it takes
somebody who comes late to see what the end has left behind, one more is delayed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from random import Random
from typing import final

from harness.scheduling.choice import CLOCK, WAIT, Chooser, Key, Operation, Trace
from harness.scheduling.search.delays import delayable


@final
class Endings:
    """Each outcome of each operation of a first run, once.

    Each operation comes to its turn before any has a second of its outcomes. Before
    them come those who wait for what others do: most time passes while somebody does.

    Args:
        first: The trace of a run in which nobody interfered.
        seed: Two with the same seed give the same runs.
    """

    def __init__(self, first: Trace, *, seed: str) -> None:
        rng = Random(seed)
        self._runs = iter([_Ended(one) for one in _in_turns(first, rng)])

    def next(self) -> Chooser | None:
        return next(self._runs, None)

    def record(self, trace: Trace) -> None:
        """Nothing is learnt from a run."""


@final
class DelayedEndings:
    """The same, while another operation waits until nothing else can go on; no end.

    Args:
        first: The trace of a run in which nobody interfered.
        seed: Two with the same seed give the same runs.
    """

    def __init__(self, first: Trace, *, seed: str) -> None:
        self._rng = Random(seed)
        self._operations = tuple(dict.fromkeys(delayable(first)))
        self._endings = tuple(_in_turns(first, self._rng))
        self._count = 0

    def next(self) -> Chooser | None:
        if not self._operations or not self._endings:
            return None
        ending = self._endings[self._count % len(self._endings)]
        self._count += 1
        return _Ended(ending, delayed=self._rng.choice(self._operations))

    def record(self, trace: Trace) -> None:
        """Nothing is learnt from a run."""


@dataclass(frozen=True, slots=True)
class _Ending:
    """How something ends.

    Attributes:
        key: Of the outcome.
        waits: Whether its actor waits for what others do, and has no operation.
        passed: How many offers of it are let pass.
    """

    key: Key
    waits: bool
    passed: int


def _in_turns(first: Trace, rng: Random) -> Iterator[_Ending]:
    """Yield all endings in a drawn order."""
    operations: dict[tuple[Key, bool], list[_Ending]] = {}
    for (key, waits), offers in _offers(first).items():
        one = key if waits else key._replace(outcome="")
        passed = offers.index(True) if True in offers else rng.randrange(len(offers))
        operations.setdefault((one, waits), []).append(_Ending(key, waits, passed))
    every = list(operations.values())
    rng.shuffle(every)
    every.sort(key=lambda endings: not endings[0].waits)
    for endings in every:
        rng.shuffle(endings)
    for rank in zip_longest(*every):
        yield from (one for one in rank if one is not None)


def _offers(first: Trace) -> Mapping[tuple[Key, bool], list[bool]]:
    """Return each time an outcome was offered: whether its operation was to go then."""
    offers: dict[tuple[Key, bool], list[bool]] = {}
    for choice in first:
        turn = choice.options[0].plain
        for one in choice.options:
            if one.outcome and one.actor != CLOCK:
                waits = one.kind == WAIT
                due = not waits and one.plain == turn
                offers.setdefault((one.key, waits), []).append(due)
    return offers


@final
class _Ended:
    """Takes what came first, and the outcome when its turn has come."""

    def __init__(self, ending: _Ending, *, delayed: Key | None = None) -> None:
        self._ending = ending
        self._passed = ending.passed
        self._delayed = delayed

    def choose(self, options: Sequence[Operation]) -> int:
        ending = self._ending
        turn = next(self._going(options), 0)
        for place, one in enumerate(options):
            if one.key == ending.key and (one.kind == WAIT) == ending.waits:
                self._passed -= 1
                # Where another is delayed it may be offered less often.
                due = not ending.waits and one.plain == options[turn].plain
                if self._passed < 0 or due:
                    return place
        return turn

    def _going(self, options: Sequence[Operation]) -> Iterator[int]:
        """Yield the places of what may go ahead and is not delayed."""
        for place, one in enumerate(options):
            if not one.beside and one.plain != self._delayed:
                yield place
