"""Crossings: each actor stops once for the others, wherever in the run it comes.

Where a run is a row of short encounters, strategies that change something at one or two
choices of the whole run change one encounter. This one draws for each actor anew, when
it is first seen: how important it is, after how many of its operations it stops until
the others have gone on, and whether its client leaves amid it. For two actors these are
the priorities and changes of PCT with depth 3 (see `harness.scheduling.search.pct`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, final

from harness.scheduling.choice import Chooser, Operation, Trace

LEAVING: Final = 0.5
"""How likely an actor leaves that may."""
_LONG: Final = 4.0
"""Twos that make the largest number of operations after which something happens."""


@dataclass(slots=True)
class _Drawn:
    """What is drawn for an actor.

    Attributes:
        priority: The highest goes first.
        stops: Number of the operation before which it becomes the least important.
        leaves: Number of the operation at which its client leaves, if it may.
    """

    priority: float
    stops: int
    leaves: int


@final
class Crossings:
    """Runs without end.

    Args:
        seed: Two with the same seed give the same runs.
    """

    def __init__(self, *, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def next(self) -> Chooser:
        rng = Random(f"{self._seed}/{self._count}")
        self._count += 1
        return Crossing(rng)

    def record(self, trace: Trace) -> None:
        """Nothing is learnt from a run."""


@final
class Crossing:
    """The chooser of one run.

    Args:
        rng: Where chance comes from.
    """

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._drawn: dict[str, _Drawn] = {}
        self._lowest = 0

    def choose(self, options: Sequence[Operation]) -> int:
        plain = [place for place, one in enumerate(options) if not one.beside]
        for place in plain:
            self._see(options[place])
        left = self._left(options)
        if left is not None:
            return left
        while True:
            place = max(plain, key=lambda one: self._of(options[one]).priority)
            drawn = self._of(options[place])
            if options[place].sequence < drawn.stops:
                return place
            drawn.stops = 1 << 30
            self._lowest -= 1
            drawn.priority = self._lowest

    def _see(self, operation: Operation) -> None:
        if operation.actor in self._drawn:
            return
        rng = self._rng
        leaves = self._soon() - 1 if rng.random() < LEAVING else -1
        self._drawn[operation.actor] = _Drawn(rng.random(), self._soon(), leaves)

    def _of(self, operation: Operation) -> _Drawn:
        return self._drawn[operation.actor]

    def _left(self, options: Sequence[Operation]) -> int | None:
        """Return by which outcome somebody leaves whose time it is."""
        places: dict[str, list[int]] = {}
        for place, one in enumerate(options):
            drawn = self._drawn.get(one.actor)
            if one.outcome and drawn and 0 <= drawn.leaves <= one.sequence:
                places.setdefault(one.actor, []).append(place)
        if not places:
            return None
        actor = next(iter(places))
        self._drawn[actor].leaves = -1
        return self._rng.choice(places[actor])

    def _soon(self) -> int:
        """Draw a number of operations: 1, 2 to 3, 4 to 7, … are as likely."""
        return int(2 ** self._rng.uniform(0.0, _LONG))
