"""How a budget of schedules is shared among strategies.

One run is first-come-first-served, and measures the program. Then come, level by level,
all schedules with at most d deviations, for the d that fits into their share; then, in
turns, those in which one operation is delayed, those in which one ends otherwise, those
with one of each, and random ones. What the levels leave of their share goes to these.
`python -m benchmarks search` tells how often a schedule of each shows a race planted
into a toy program, and `strategies` one seeded into the reference app: no strategy is
best for all, and each is the best for some.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, final

from harness.scheduling.choice import Chooser, Schedule, Trace, schedule_of
from harness.scheduling.search.crossings import Crossings
from harness.scheduling.search.delays import Delays
from harness.scheduling.search.deviations import Deviations
from harness.scheduling.search.endings import DelayedEndings, Endings
from harness.scheduling.search.pct import Pct, bound
from harness.scheduling.search.strategy import Extent, Strategy
from harness.scheduling.search.uniform import Uniform

FIRST_COME: Final = "first come"
DEVIATIONS: Final = "deviations"
DELAYS: Final = "delays"
ENDINGS: Final = "endings"
DELAYED_ENDINGS: Final = "delayed endings"
PCT_2: Final = "pct 2"
PCT_3: Final = "pct 3"
UNIFORM: Final = "uniform"
CROSSINGS: Final = "crossings"

SHARES: Final[Mapping[str, float]] = MappingProxyType(
    {
        DEVIATIONS: 0.3,
        DELAYS: 0.06,
        ENDINGS: 0.08,
        DELAYED_ENDINGS: 0.08,
        PCT_2: 0.04,
        PCT_3: 0.16,
        UNIFORM: 0.16,
        CROSSINGS: 0.12,
    }
)
"""What part of the budget each strategy has; they add up to 1."""


@final
class Portfolio:
    """Gives one chooser after another, until the budget or the schedules end.

    Args:
        budget: How many schedules to run, at least 1.
        seed: Of the random ones: the same give the same on the same program.
        shares: As `SHARES`.
    """

    def __init__(
        self, budget: int, *, seed: int, shares: Mapping[str, float] = SHARES
    ) -> None:
        self._budget = budget
        self._seed = seed
        self._shares = shares
        self._deviations = Deviations(
            budget=1 + int((budget - 1) * shares.get(DEVIATIONS, 0))
        )
        self._random: dict[str, Strategy] = {}
        self._running: Strategy | None = None
        self._schedules: set[Schedule] = set()
        self._orders = 0
        self.counts: Counter[str] = Counter()
        """How many schedules each strategy has run."""
        self.extent = Extent(1, 1)
        """How large the first run was."""

    @property
    def distinct(self) -> int:
        """How many different schedules were run."""
        return len(self._schedules)

    @property
    def exhausted(self) -> bool:
        """Whether all schedules that there are were run."""
        return self._deviations.exhausted

    @property
    def depth(self) -> int | None:
        """The d for which all schedules with at most d deviations were run, if any."""
        return self._deviations.complete

    @property
    def covered(self) -> int:
        """How many schedules those are."""
        depth = self.depth
        if depth is None:
            return 0
        return sum(self._deviations.size(level) or 0 for level in range(depth + 1))

    @property
    def parted(self) -> int:
        """How many runs did not do again what they should have: luck had a say."""
        return self._deviations.parted

    @property
    def bounds(self) -> Mapping[str, float]:
        """The least probability that one run of PCT meets a bug of its depth."""
        return {PCT_2: bound(2, self.extent), PCT_3: bound(3, self.extent)}

    def statement(self) -> str:
        """Return, as a sentence, which schedules were run without exception."""
        if self.exhausted:
            return f"All {self.covered} schedules, at operation granularity."
        depth = self.depth
        if depth is None:
            return "No set of schedules was run as a whole."
        if depth == 0:
            return (
                "First-come-first-served, and a sample of the other schedules: "
                f"{self._deviations.size(1)} have 1 deviation, {self._orders} of them "
                "in who goes first."
            )
        deviations = "1 deviation" if depth == 1 else f"{depth} deviations"
        return (
            f"All {self.covered} schedules with at most {deviations}, "
            "at operation granularity."
        )

    def next(self) -> tuple[str, Chooser] | None:
        """Return the chooser of one more run and the strategy that it is from."""
        if self.counts.total() >= self._budget:
            return None
        chooser = self._deviations.next()
        if chooser is not None:
            name = DEVIATIONS if self.counts[FIRST_COME] else FIRST_COME
            self._running = self._deviations
        elif self.exhausted or not self._random:
            return None
        else:
            name = min(self._random, key=self._used)
            self._running = self._random[name]
            chooser = self._running.next()
        if chooser is None:
            # There is nothing (more) of its kind: others take over its share.
            del self._random[name]
            return self.next()
        self.counts[name] += 1
        return name, chooser

    def record(self, trace: Trace) -> None:
        """Take what the run of the last chooser did."""
        if self._running is None:
            raise RuntimeError("no run of this portfolio is under way")
        self._running.record(trace)
        self._running = None
        if not self._schedules:
            self.extent = Extent.of(trace)
            self._random = self._strategies(trace)
            self._orders = _orders_with_one_deviation(trace)
        self._schedules.add(schedule_of(trace))

    def _used(self, name: str) -> float:
        """Return how much of its share a strategy would have used with one run more."""
        return (self.counts[name] + 1) / self._shares[name]

    def _strategies(self, first: Trace) -> dict[str, Strategy]:
        """Return the strategies besides the levels that have a share."""
        every: dict[str, Strategy] = {
            DELAYS: Delays(first, self.extent, seed=f"{self._seed}/{DELAYS}"),
            ENDINGS: Endings(first, seed=f"{self._seed}/{ENDINGS}"),
            DELAYED_ENDINGS: DelayedEndings(
                first, seed=f"{self._seed}/{DELAYED_ENDINGS}"
            ),
            PCT_2: Pct(2, self.extent, seed=f"{self._seed}/{PCT_2}"),
            PCT_3: Pct(3, self.extent, seed=f"{self._seed}/{PCT_3}"),
            UNIFORM: Uniform(self.extent, seed=f"{self._seed}/{UNIFORM}"),
            CROSSINGS: Crossings(seed=f"{self._seed}/{CROSSINGS}"),
        }
        return {name: one for name, one in every.items() if self._shares.get(name)}


def _orders_with_one_deviation(first: Trace) -> int:
    """Count the ways to let somebody else go first, once."""
    return sum(not one.beside for choice in first for one in choice.options[1:])
