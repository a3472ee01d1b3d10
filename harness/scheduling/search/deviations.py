"""All schedules with at most d deviations from first-come-first-served.

A choice that is not first-come's is a deviation, and so is an outcome; an operation
that goes ahead and ends otherwise is two. Each schedule is the one without deviations,
or extends exactly one other by its last deviating choice, so each is run once, and the
traces of those with c deviations tell how many there are with one more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

from harness.scheduling.choice import Chooser, Key, Operation, Trace

Plan: TypeAlias = tuple[tuple[int, Key], ...]
"""What is taken at the choices that deviate; all others are first-come's."""

Offer: TypeAlias = tuple[tuple[Key, int], ...]
"""The options of one choice, each with how many deviations it is."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A schedule that was run, and what its choices offered."""

    plan: Plan
    offers: tuple[Offer, ...]

    @property
    def start(self) -> int:
        """The first choice after those that deviate."""
        return self.plan[-1][0] + 1 if self.plan else 0

    def extensions(self, cost: int) -> Iterator[Plan]:
        for index in range(self.start, len(self.offers)):
            for key, price in self.offers[index]:
                if price == cost:
                    yield (*self.plan, (index, key))

    def counted(self) -> Counter[int]:
        """Return how many extensions there are of each cost."""
        offers = self.offers[self.start :]
        return Counter(price for offer in offers for _, price in offer if price)


@final
class Deviations:
    """Runs them level by level: none, then one deviation, then two, …

    Args:
        depth: The largest number of deviations; None for as many as there are.
        budget: How many schedules it may run; a level that would not fit as a whole
            is not begun. None for any number.
    """

    def __init__(self, *, depth: int | None = None, budget: int | None = None) -> None:
        self._depth = depth
        self._budget = budget
        self._level = 0
        self._plans: Iterator[tuple[Plan, _Run | None]] = iter([((), None)])
        self._running: tuple[Plan, _Run | None] | None = None
        self._runs: list[list[_Run]] = [[]]
        self._sizes: Counter[int] = Counter({0: 1})
        self._offers: dict[Offer, Offer] = {}
        self._keys: dict[Key, Key] = {}
        self.parted = 0
        """How many runs did not do again what the run that they extend had done."""

    @property
    def count(self) -> int:
        """How many schedules were run."""
        return sum(map(len, self._runs)) + self.parted

    @property
    def complete(self) -> int | None:
        """The d up to which all schedules were run; None if there is none yet.

        Nor is there one once a run has parted from the one that it extends: then it
        is not known what the schedules are.
        """
        if self.parted:
            return None
        if len(self._runs[self._level]) == self._sizes[self._level]:
            return self._level
        return self._level - 1 if self._level else None

    @property
    def exhausted(self) -> bool:
        """Whether there are no other schedules than those that were run."""
        later = (size for level, size in self._sizes.items() if level > self._level)
        return self.complete == self._level and not any(later)

    def size(self, level: int) -> int | None:
        """Return how many schedules have so many deviations; None if not known yet."""
        known = self.complete
        return self._sizes[level] if known is not None and level <= known + 1 else None

    def next(self) -> Chooser | None:
        self._running = next(self._plans, None)
        if self._running is None and self._begin_level():
            self._running = next(self._plans, None)
        return _Planned(self._running[0]) if self._running else None

    def record(self, trace: Trace) -> None:
        if self._running is None:
            raise RuntimeError("no run of this strategy is under way")
        plan, parent = self._running
        self._running = None
        run = _Run(plan, tuple(self._offer(choice.options) for choice in trace))
        if not _as_planned(trace, plan) or not _extends(run, parent):
            self.parted += 1
            return
        self._runs[self._level].append(run)
        for cost, count in run.counted().items():
            self._sizes[self._level + cost] += count

    def _begin_level(self) -> bool:
        """Go on to the next level that has schedules, if it may and fits."""
        level = self._level + 1
        if self.exhausted or self.complete != self._level:
            return False
        if self._depth is not None and level > self._depth:
            return False
        if self._budget is not None and self.count + self._sizes[level] > self._budget:
            return False
        self._level = level
        self._runs.append([])
        self._plans = self._extensions(level)
        # A level may be empty although a later one is not: an operation that is the
        # only one with outcomes, at a choice where another comes first.
        return bool(self._sizes[level]) or self._begin_level()

    def _extensions(self, level: int) -> Iterator[tuple[Plan, _Run]]:
        for cost in (1, 2):
            if cost <= level:
                for run in self._runs[level - cost]:
                    yield from ((plan, run) for plan in run.extensions(cost))

    def _offer(self, options: Sequence[Operation]) -> Offer:
        """Return the options of a choice; the same ones are kept once."""
        keys = (self._keys.setdefault(one.key, one.key) for one in options)
        offer = tuple(zip(keys, costs(options), strict=True))
        return self._offers.setdefault(offer, offer)


@final
class _Planned:
    """Takes what a plan says, and first-come's pick everywhere else."""

    def __init__(self, plan: Plan) -> None:
        self._plan = dict(plan)
        self._index = -1

    def choose(self, options: Sequence[Operation]) -> int:
        self._index += 1
        wanted = self._plan.get(self._index)
        places = (place for place, one in enumerate(options) if one.key == wanted)
        return next(places, 0)


def _as_planned(trace: Trace, plan: Plan) -> bool:
    taken = tuple((one.index, one.operation.key) for one in trace if one.taken)
    return taken == plan


def _extends(run: _Run, parent: _Run | None) -> bool:
    """Tell whether it had the same choices as its parent, until it deviates anew."""
    return parent is None or run.offers[: run.start] == parent.offers[: run.start]


def costs(options: Sequence[Operation]) -> list[int]:
    """Return how many deviations it is to take each option: 0, 1 or 2."""
    first = options[0].key
    plain = {one.key for one in options if not one.outcome}
    return [
        (one.plain != first) + (one.outcome != "" and one.plain in plain)
        for one in options
    ]
