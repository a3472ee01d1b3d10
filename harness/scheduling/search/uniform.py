"""Each choice at random, all operations being as likely."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import final

from harness.scheduling.choice import Chooser, Operation, Trace
from harness.scheduling.search.outcomes import Outcomes
from harness.scheduling.search.strategy import Extent


@final
class Uniform:
    """Runs without end.

    Args:
        extent: How large the program is.
        seed: Two with the same seed give the same runs.
    """

    def __init__(self, extent: Extent, *, seed: str) -> None:
        self._extent = extent
        self._seed = seed
        self._count = 0

    def next(self) -> Chooser:
        rng = Random(f"{self._seed}/{self._count}")
        self._count += 1
        return _Evenly(self._extent, rng)

    def record(self, trace: Trace) -> None:
        """Nothing is learnt from a run."""


@final
class _Evenly:
    def __init__(self, extent: Extent, rng: Random) -> None:
        self._rng = rng
        self._outcomes = Outcomes(rng, extent.endings, extent.ticks)

    def choose(self, options: Sequence[Operation]) -> int:
        drawn = self._outcomes.drawn(options)
        if drawn is not None:
            return drawn
        return self._rng.choice(
            [place for place, one in enumerate(options) if not one.beside]
        )
