"""What is kept of a swarm: all that can matter to a checker, and little else."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, final

from harness.checkers.sendings import INSIDE, is_proven, is_secret
from harness.model.event import Destination, Egress, LogLine

if TYPE_CHECKING:
    from harness.model.event import Event

FIRST: Final = 50
"""Requests of the app to a destination that are kept whatever they hold: they show
that one would see what it sends."""


@final
class Sieve:
    """Lets facts through; under load there is too much to keep all."""

    def __init__(self) -> None:
        self._let: Counter[Destination] = Counter()

    def __call__(self, event: Event) -> bool:
        """Whether a fact can matter to a checker."""
        if isinstance(event, LogLine):
            return bool(event.hits)  # without a canary a line tells nothing
        if not isinstance(event, Egress):
            return True
        self._let[event.destination] += 1
        return self._let[event.destination] <= FIRST or tells_of_others(event)


def tells_of_others(egress: Egress) -> bool:
    """Whether a request of the app may hold what is not its receiver's, or secret."""
    to_provider = egress.destination is Destination.PROVIDER
    for found in egress.found:
        if not is_proven(found.hit):
            continue
        shown = to_provider and found.where not in INSIDE
        if found.hit.owner not in egress.receivers or (is_secret(found) and not shown):
            return True
    return False
