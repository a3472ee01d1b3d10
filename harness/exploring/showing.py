"""The control of generations: what was written shows where one follows the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from harness.model.race import Saw, Wrote

if TYPE_CHECKING:
    from harness.model.event import Event


def unlike_written(events: Iterable[Event]) -> Iterator[str]:
    """Tell which readings show something else than was ever written, or only that.

    What is older than what was written may be the app's mistake, and is for the
    checkers. What is newer than anything that was written, or never anything of it,
    is not: the hook reads something else, and no staleness could ever show in it.

    Args:
        events: Of a schedule in which one request is served after the other.
    """
    written: dict[tuple[int, str], int] = {}
    shown: dict[tuple[int, str], bool] = {}
    for event in events:
        if isinstance(event, Wrote):
            key = (event.tenant, event.subject)
            written[key] = max(event.generation, written.get(key, 0))
        elif isinstance(event, Saw):
            key = (event.tenant, event.subject)
            newest = written.get(key, 0)
            if event.generation > newest:
                yield (
                    f"reading it says generation {event.generation}, and the newest "
                    f"that was written until then is {newest}"
                )
            elif newest:
                shown[key] = shown.get(key, False) or event.generation > 0
    for was_shown in shown.values():
        if not was_shown:
            yield "no reading of it ever shows anything that was written before"
