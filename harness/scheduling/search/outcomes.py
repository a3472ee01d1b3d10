"""When a random schedule lets an operation be cancelled or fail, or time pass."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final, final

from harness.scheduling.choice import CLOCK, Operation

CHANCES: Final = (0.5, 0.375, 0.125)
"""How likely a random schedule has none, one or two such outcomes.

Most bugs need none or one; with one at every other choice nothing would get far. Time
that passes while others could go on is drawn like that, too: as an actor with a turn of
its own it would pass at once, before there is anybody whom it could meet.
"""
ENDED: Final = 0.75
"""How likely such an outcome is one of an operation, where both could be.

An app that looks after something every few seconds offers time at every choice, and
few operations can end otherwise: drawn alike, next to nobody would ever leave.
"""


@final
class Outcomes:
    """The outcomes of one run, at choices drawn beforehand.

    Args:
        rng: Where chance comes from.
        endings: At how many choices of a run an operation can end otherwise, about.
        ticks: At how many time could pass, about.
    """

    def __init__(self, rng: Random, endings: int, ticks: int = 0) -> None:
        self._rng = rng
        (count,) = rng.choices(range(len(CHANCES)), weights=CHANCES)
        self._endings: set[int] = set()
        self._ticks: set[int] = set()
        for _ in range(count if endings or ticks else 0):
            if endings and (not ticks or rng.random() < ENDED):
                self._endings.add(rng.randrange(endings))
            else:
                self._ticks.add(rng.randrange(ticks))
        self._ended = self._ticked = -1

    def drawn(self, options: Sequence[Operation]) -> int | None:
        """Return the outcome to take at this choice, the next of the run, if any.

        Each operation that has outcomes is as likely as the others, however many.
        """
        places: dict[tuple[str, int], list[int]] = {}
        clock: int | None = None
        for place, option in enumerate(options):
            if option.actor == CLOCK:
                clock = place
            elif option.outcome:
                operation = (option.actor, option.sequence)
                places.setdefault(operation, []).append(place)
        self._ended += bool(places)
        self._ticked += clock is not None
        if places and self._ended in self._endings:
            return self._rng.choice(self._rng.choice(list(places.values())))
        if self._ticked in self._ticks:
            return clock
        return None
