"""Coverage of races: what the schedules of a history explored, and what not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from harness.model.boot import Initialised, Stage, Watching
from harness.model.coverage import Coverage, Gap
from harness.model.event import Channel, LogLine, Unseen
from harness.model.race import Ending, Scheduled, ScheduleEnded

if TYPE_CHECKING:
    from harness.model.history import History

MOST_UNCONTROLLED: Final = 0.1
"""Share of wake-ups that may come from something that is not under control."""
_MOST: Final = 3


def coverage_of_races(history: History, *, scenarios: Sequence[str] = ()) -> Coverage:
    """Work out what the schedules of a history cover.

    Covered is each scenario in which there was something to choose. One that was not
    run, that stood still, or in which more than a tenth of the wake-ups came from what
    is not under control, is a gap of the floor: what was seen may be luck. So is a
    declared initialiser that was never seen to be called for a tenant.

    Args:
        history: What happened.
        scenarios: Names of those that were to be explored.
    """
    begun = {one.schedule: one for one in history.of(Scheduled)}
    ended = [one for one in history.of(ScheduleEnded) if one.schedule in begun]
    by_scenario: dict[str, list[ScheduleEnded]] = {name: [] for name in scenarios}
    for one in begun.values():
        by_scenario.setdefault(one.scenario, [])
    for end in ended:
        by_scenario[begun[end.schedule].scenario].append(end)
    gaps = [
        *_unexplored(by_scenario),
        *_unending(by_scenario),
        *_uncontrolled(by_scenario),
        *_initialisers(history),
        *(Gap(one.step, one.reason, floor=True) for one in _unseen(history)),
    ]
    return Coverage(
        covered=tuple(name for name, ends in by_scenario.items() if _explored(ends)),
        operations_required=0,
        operations_known=0,
        fields_seen=0,
        fields_planted=0,
        channels=(Channel.LOG,) if any(history.of(LogLine)) else (),
        probes=0,
        gaps=tuple(sorted(dict.fromkeys(gaps), key=lambda gap: not gap.floor)),
    )


def distinct(ends: Sequence[ScheduleEnded]) -> int:
    """Return how many schedules differ in what was taken."""
    return len({one.digest for one in ends})


def uncontrolled_share(ends: Sequence[ScheduleEnded]) -> float:
    """Return which share of the wake-ups was not under control, from 0 to 1."""
    without = sum(len(one.uncontrolled) for one in ends)
    total = without + sum(one.operations for one in ends)
    return without / total if total else 0.0


def _explored(ends: Sequence[ScheduleEnded]) -> bool:
    return any(one.choices for one in ends) and any(_through(one) for one in ends)


def _through(one: ScheduleEnded) -> bool:
    return one.ending is not Ending.STUCK


def _unexplored(by_scenario: dict[str, list[ScheduleEnded]]) -> Iterator[Gap]:
    if not any(by_scenario.values()):
        yield Gap("schedules", "none was run", floor=True)
    any_explored = any(_explored(ends) for ends in by_scenario.values())
    for name, ends in by_scenario.items():
        if not ends:
            yield Gap(f"scenario {name}", "no schedule of it was run", floor=True)
        elif not any(one.choices for one in ends):
            reason = "there was nothing to choose in it: no two operations ever waited"
            yield Gap(f"scenario {name}", reason, floor=not any_explored)


def _unending(by_scenario: dict[str, list[ScheduleEnded]]) -> Iterator[Gap]:
    for name, ends in by_scenario.items():
        stuck = [one for one in ends if not _through(one)]
        if stuck:
            why = _most({line for one in stuck for line in one.uncontrolled})
            reason = (
                f"{len(stuck)} of {len(ends)} schedules stood still, waiting for "
                f"something that is not under control{why}"
            )
            yield Gap(f"scenario {name}", reason, floor=True)


def _uncontrolled(by_scenario: dict[str, list[ScheduleEnded]]) -> Iterator[Gap]:
    for name, ends in by_scenario.items():
        share = uncontrolled_share(ends)
        if share:
            lines = Counter(line for one in ends for line in one.uncontrolled)
            why = _most([line for line, _ in lines.most_common()])
            reason = f"{share:.1%} of the wake-ups were not under control{why}"
            floor = share > MOST_UNCONTROLLED
            yield Gap(f"control of {name}", reason, floor=floor)


def _most(lines: Sequence[str] | set[str]) -> str:
    shown = sorted(lines) if isinstance(lines, set) else lines
    return f" ({'; '.join(shown[:_MOST])})" if shown else ""


def _initialisers(history: History) -> Iterator[Gap]:
    watching = list(dict.fromkeys(history.of(Watching)))
    if not watching:
        reason = "the target names none: whether each ran once is not judged"
        yield Gap("initialisers", reason, floor=False)
    told = [one for one in history.of(Initialised) if one.stage is Stage.READY]
    for one in watching:
        calls = [call for call in told if call.what == one.what]
        if any(call.tenant is not None for call in calls):
            continue
        reason = "was never seen to be called for a tenant"
        keys = [call.key for call in calls if call.key]
        if keys:
            reason += f"; what it says of it, {keys[0]!r}, names none"
        yield Gap(f"initialiser {one.what}", reason, floor=one.awaited)


def _unseen(history: History) -> Iterator[Unseen]:
    """Yield what could not be done from the first schedule on."""
    begun = False
    for event in history.events:
        begun = begun or isinstance(event, Scheduled)
        if begun and isinstance(event, Unseen):
            yield event
