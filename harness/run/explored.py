"""What was explored of each scenario, put together over its casts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from harness.checkers.racing import uncontrolled_share
from harness.model.explored import Explored
from harness.model.measurement import Measurement
from harness.model.race import Scheduled, ScheduleEnded

if TYPE_CHECKING:
    from harness.model.history import History


def explored(parts: Sequence[Explored], history: History) -> tuple[Explored, ...]:
    """Put together what was explored of each scenario, in their order.

    Args:
        parts: What came of each scenario with each cast.
        history: All that happened.
    """
    by_name: dict[str, list[Explored]] = {}
    for part in parts:
        by_name.setdefault(part.scenario, []).append(part)
    return tuple(
        _together(mine, _share(history, name)) for name, mine in by_name.items()
    )


def figures(explored: Sequence[Explored]) -> Iterator[Measurement]:
    """Give what was explored as figures, for those who plot or budget them."""
    for one in explored:
        labels = {"scenario": one.scenario}
        yield Measurement("schedules", one.schedules, "1", labels)
        yield Measurement("distinct_schedules", one.distinct, "1", labels)
        yield Measurement("choices", one.choices, "1", labels)
        yield Measurement("depth", one.depth, "1", labels)
        if one.first:
            yield Measurement("first_finding", one.first, "1", labels)


def _together(parts: Sequence[Explored], uncontrolled: float) -> Explored:
    largest = max(parts, key=lambda one: (one.choices, one.actors))
    # What holds for all casts is what holds for the one that was seen least of.
    least = min(parts, key=lambda one: one.depth)
    strategies: Counter[str] = Counter()
    for part in parts:
        strategies.update(part.strategies)
    return Explored(
        scenario=largest.scenario,
        about=largest.about,
        casts=len(parts),
        schedules=sum(one.schedules for one in parts),
        distinct=sum(one.distinct for one in parts),
        actors=largest.actors,
        choices=largest.choices,
        depth=least.depth,
        statement=least.statement,
        bounds=dict(largest.bounds),
        strategies=dict(strategies),
        parted=sum(one.parted for one in parts),
        uncontrolled=uncontrolled,
        first=_first(parts),
        findings=tuple(dict.fromkeys(one for part in parts for one in part.findings)),
    )


def _first(parts: Sequence[Explored]) -> int:
    """Return the number of the first schedule that showed a finding, over all casts."""
    before = 0
    for part in parts:
        if part.first:
            return before + part.first
        before += part.schedules
    return 0


def _share(history: History, scenario: str) -> float:
    begun = {o.schedule for o in history.of(Scheduled) if o.scenario == scenario}
    ended = [one for one in history.of(ScheduleEnded) if one.schedule in begun]
    return uncontrolled_share(ended)
