"""When a random schedule lets an operation be cancelled or fail."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final, final

from harness.scheduling.choice import Operation

CHANCES: Final = (0.5, 0.375, 0.125)
"""How likely a random schedule has none, one or two such outcomes.

Most bugs need none or one; with one at every other choice nothing would get far.
"""


@final
class Outcomes:
    """The outcomes of one run, at choices drawn beforehand.

    Args:
        rng: Where chance comes from.
        choices: How many choices a run has, about.
    """

    def __init__(self, rng: Random, choices: int) -> None:
        self._rng = rng
        (count,) = rng.choices(range(len(CHANCES)), weights=CHANCES)
        self._due = sorted(rng.randrange(choices) for _ in range(count))
        self._index = -1

    def drawn(self, options: Sequence[Operation]) -> int | None:
        """Return the outcome to take at this choice, the next of the run, if any.

        One that is due waits for a choice that offers any. Each operation that has
        outcomes is as likely as the others, however many it has.
        """
        self._index += 1
        if not self._due or self._due[0] > self._index:
            return None
        places: dict[tuple[str, int], list[int]] = {}
        for place, option in enumerate(options):
            if option.outcome:
                operation = (option.actor, option.sequence)
                places.setdefault(operation, []).append(place)
        if not places:
            return None
        del self._due[0]
        return self._rng.choice(self._rng.choice(list(places.values())))
