"""When a random schedule lets an operation be cancelled or fail, or time pass."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final, final

from harness.scheduling.choice import Operation

CHANCES: Final = (0.5, 0.375, 0.125)
"""How likely a random schedule has none, one or two such outcomes.

Most bugs need none or one; with one at every other choice nothing would get far. Time
that passes while others could go on is drawn like that, too: as an actor with a turn of
its own it would pass at once, before there is anybody whom it could meet.
"""


@final
class Outcomes:
    """The outcomes of one run, at choices drawn beforehand.

    Args:
        rng: Where chance comes from.
        endings: How many choices of a run offer outcomes, about.
    """

    def __init__(self, rng: Random, endings: int) -> None:
        self._rng = rng
        (count,) = rng.choices(range(len(CHANCES)), weights=CHANCES)
        self._due = {rng.randrange(endings) for _ in range(count)} if endings else set()
        self._index = -1

    def drawn(self, options: Sequence[Operation]) -> int | None:
        """Return the outcome to take at this choice, the next of the run, if any.

        Each operation that has outcomes is as likely as the others, however many.
        """
        places: dict[tuple[str, int], list[int]] = {}
        for place, option in enumerate(options):
            if option.beside:
                operation = (option.actor, option.sequence)
                places.setdefault(operation, []).append(place)
        if not places:
            return None
        self._index += 1
        if self._index not in self._due:
            return None
        return self._rng.choice(self._rng.choice(list(places.values())))
