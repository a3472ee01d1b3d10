"""Standstill: nothing goes on but what an app does every so often in the background."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from harness.scheduling.loop import GatedLoop

PATIENCE: Final = 600.0
"""Seconds of the schedule's time in which somebody whom it is about has to go on."""


@final
class Standstill:
    """Tells when those whom a schedule is about only wait.

    An app that looks after something every few seconds always has a timer, so that it
    is never true that nothing can run any more. Who waits all the same for something
    that does not come is found out when ten minutes have passed in which none of them
    did anything, and none of them has a timer of its own.

    Args:
        loop: Whose clock and timers it are.
        background: Names of actors that go on by themselves.
    """

    def __init__(self, loop: GatedLoop, background: Collection[str]) -> None:
        self._loop = loop
        self._background = frozenset(background)
        self._since: float | None = None

    def went(self, person: str) -> None:
        """Take account of an operation that went ahead."""
        if person not in self._background:
            self._since = self._loop.time()

    @property
    def lasts(self) -> bool:
        """Whether nobody has gone on for too long, nor will."""
        now = self._loop.time()
        if self._since is None:
            self._since = now
        if now - self._since < PATIENCE:
            return False
        return all(name in self._background for name in self._loop.timed())
