"""Delays: an operation waits until nothing else can go on, all else as it came.

Emmi, Qadeer and Rakamarić, "Delay-bounded scheduling" (2011): of a deterministic
scheduler few delays lead to most bugs. Where an actor is stopped between two of its
operations while the others run to their end, first-come-first-served needs a deviation
for each operation of theirs, and this one delay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final, final

from harness.scheduling.choice import Chooser, Key, Operation, Trace
from harness.scheduling.search.outcomes import Outcomes
from harness.scheduling.search.strategy import Extent

PAIR: Final = 2
"""Delays of a run, once each single one was run."""


@final
class Delays:
    """Each operation of a first run is delayed once; then random pairs, without end.

    Args:
        first: The trace of a run in which nobody interfered.
        extent: How large the program is.
        seed: Two with the same seed give the same runs.
    """

    def __init__(self, first: Trace, extent: Extent, *, seed: str) -> None:
        self._operations = tuple(dict.fromkeys(delayable(first)))
        self._extent = extent
        self._seed = seed
        self._order = list(self._operations)
        # With a small budget it is no use to delay only what comes first.
        Random(seed).shuffle(self._order)
        self._count = 0

    @property
    def singles(self) -> int:
        """How many runs have a single delay."""
        return len(self._operations)

    def next(self) -> Chooser | None:
        if not self._operations:
            return None
        number = self._count
        self._count += 1
        rng = Random(f"{self._seed}/{number}")
        if number < self.singles:
            return _Delayed({self._order[number]}, Outcomes(rng, 0))
        pair = rng.sample(self._operations, min(PAIR, self.singles))
        return _Delayed(
            set(pair), Outcomes(rng, self._extent.endings, self._extent.ticks)
        )

    def record(self, trace: Trace) -> None:
        """Nothing is learnt from a run."""


def delayable(trace: Trace) -> Iterator[Key]:
    """Yield the operations beside which another one could go."""
    for choice in trace:
        waiting = [one for one in choice.options if not one.beside]
        if len(waiting) > 1:
            yield from (one.plain for one in waiting)


@final
class _Delayed:
    """Takes what came first of what is not delayed."""

    def __init__(self, delayed: set[Key], outcomes: Outcomes) -> None:
        self._delayed = delayed
        self._outcomes = outcomes

    def choose(self, options: Sequence[Operation]) -> int:
        drawn = self._outcomes.drawn(options)
        if drawn is not None:
            return drawn
        places = (
            place
            for place, one in enumerate(options)
            if not one.beside and one.plain not in self._delayed
        )
        return next(places, 0)
