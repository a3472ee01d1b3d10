"""Coverage of requests at once: what schedules of an app in use have seen, what not."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from harness.checkers.racing import MOST_UNCONTROLLED, uncontrolled_share
from harness.model.coverage import Gap
from harness.model.race import Ending, Scheduled, ScheduleEnded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.model.history import History

WHAT: Final = "requests at once"
_MOST: Final = 3
_MOST_KEYS: Final = 8


def gaps_together(
    history: History,
    *,
    unexplored: str = "",
    left_out: Sequence[str] = (),
    unmet: Sequence[str] = (),
    stopped: str = "",
) -> Iterator[Gap]:
    """Yield what was not seen of requests at once; none of it is of the floor.

    Args:
        history: What happened.
        unexplored: Why none were made, or no more of them; "" if all were.
        left_out: Keys of operations that took no part: they did not work for two
            tenants.
        unmet: Keys of operations that work, and that were never made beside another
            tenant's request.
        stopped: Why fewer schedules were run than might have been; "" if all were.
    """
    if unexplored:
        yield Gap(WHAT, f"not explored: {unexplored}", floor=False)
    if stopped:
        yield Gap(WHAT, stopped, floor=False)
    begun = {one.schedule for one in history.of(Scheduled)}
    ended = [one for one in history.of(ScheduleEnded) if one.schedule in begun]
    yield from _uncontrolled(ended)
    stuck = [one for one in ended if one.ending is not Ending.ENDED]
    if stuck:
        waits = dict.fromkeys(
            f"{who.actor}: {who.what}" for one in stuck for who in one.waiting
        )
        reason = (
            f"not seen to the end in {len(stuck)} of {len(ended)} schedules: they "
            f"stood still{_shown(list(waits))}"
        )
        yield Gap(WHAT, reason, floor=False)
    for key in left_out:
        yield Gap(f"{WHAT}: {key}", "does not work for two tenants", floor=False)
    if unmet:
        rest = len(unmet) - _MOST_KEYS
        more = f" and {rest} more" if rest > 0 else ""
        reason = f"met no other request: {', '.join(unmet[:_MOST_KEYS])}{more}"
        yield Gap(WHAT, reason, floor=False)


def _uncontrolled(ended: Sequence[ScheduleEnded]) -> Iterator[Gap]:
    share = uncontrolled_share(ended)
    if share > MOST_UNCONTROLLED:
        lines = Counter(line for one in ended for line in one.uncontrolled)
        why = _shown([line for line, _ in lines.most_common()])
        reason = f"not seen: {share:.1%} of the wake-ups were not under control{why}"
        yield Gap(WHAT, reason, floor=False)


def _shown(lines: Sequence[str]) -> str:
    return f" ({'; '.join(lines[:_MOST])})" if lines else ""
