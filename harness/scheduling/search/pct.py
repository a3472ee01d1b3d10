"""Probabilistic concurrency testing: random priorities, changed d-1 times.

Burckhardt, Kothari, Musuvathi and Nagarakatte, "A randomized scheduler with
probabilistic guarantees of finding bugs" (2010): a bug of depth d, one for which d
orders between two operations each suffice, is met by each run with a probability of at
least 1/(n k^(d-1)), for n actors and k choices between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import final

from harness.scheduling.choice import Chooser, Operation, Trace
from harness.scheduling.search.outcomes import CHANCES, Outcomes
from harness.scheduling.search.strategy import Extent, between_actors


@final
class Pct:
    """Runs of one depth, without end.

    Args:
        depth: How many orders the bugs need that it aims at, at least 1 (d).
        extent: How large the program is; with a k that is far too large, the changes
            fall behind the end of the run, and it finds next to nothing.
        seed: Two with the same seed give the same runs.
    """

    def __init__(self, depth: int, extent: Extent, *, seed: str) -> None:
        self._depth = depth
        self._extent = extent
        self._seed = seed
        self._count = 0

    def next(self) -> Chooser:
        rng = Random(f"{self._seed}/{self._count}")
        self._count += 1
        return _Priorities(self._depth, self._extent, rng)

    def record(self, trace: Trace) -> None:
        """Nothing is learnt from a run."""


def bound(depth: int, extent: Extent) -> float:
    """Return the least probability that one run meets a bug of a depth.

    It is about bugs that need orders alone. Where operations can be cancelled or fail,
    only the runs without any of that count.

    Args:
        depth: How many orders it takes (d).
        extent: The n and k of the program.
    """
    share = CHANCES[0] if extent.endings or extent.ticks else 1.0
    return share / (extent.actors * float(extent.choices) ** (depth - 1))


@final
class _Priorities:
    """One run: the actor of the highest priority goes, until its priority is changed.

    An actor's priority is drawn when it is first seen. At each of d-1 choices the one
    that would go gets a priority below all others, and the choice is made anew.
    """

    def __init__(self, depth: int, extent: Extent, rng: Random) -> None:
        self._rng = rng
        self._priorities: dict[str, float] = {}
        self._changes = [rng.randrange(extent.choices) for _ in range(depth - 1)]
        self._outcomes = Outcomes(rng, extent.endings, extent.ticks)
        self._index = -1
        self._lowest = 0

    def choose(self, options: Sequence[Operation]) -> int:
        for option in options:
            if not option.beside and option.actor not in self._priorities:
                self._priorities[option.actor] = self._rng.random()
        self._index += between_actors(options)
        place = self._highest(options)
        if between_actors(options):
            for _ in range(self._changes.count(self._index)):
                self._lowest -= 1
                self._priorities[options[place].actor] = self._lowest
                place = self._highest(options)
        drawn = self._outcomes.drawn(options)
        return place if drawn is None else drawn

    def _highest(self, options: Sequence[Operation]) -> int:
        """Return the first operation of the actor that has the highest priority."""
        plain = [place for place, one in enumerate(options) if not one.beside]
        return max(plain, key=lambda place: self._priorities[options[place].actor])
