"""Habits: what a run has learnt of how the app's operations behave."""

from __future__ import annotations

from typing import Final, final

REACTION: Final = 1.0
"""Seconds to wait for what an operation is known to cause on a listener."""
FIRST_LOOK: Final = 0.05
"""Seconds to wait, once, to learn whether an operation causes anything there."""
MISSES: Final = 3
"""How often in a row nothing may come before nothing is expected any more."""


@final
class Habits:
    """What is learnt by trying, once for all boots of a run.

    Nothing is judged by it: it only says what to try, and how long to wait.

    Attributes:
        plain_reading: A reading that works for an owner and needs nothing; "" if
            none has worked yet.
    """

    def __init__(self) -> None:
        self._endless: dict[str, bool] = {}
        self._greeting: dict[str, bool] = {}
        self._misses: dict[str, int] = {}
        self._never: set[str] = set()
        self.plain_reading = ""

    def endless(self, operation: str) -> bool | None:
        """Whether a stream goes on without end; None if that is not known."""
        return self._endless.get(operation)

    def streamed(self, operation: str, *, endless: bool, greets: bool = False) -> None:
        """Note how a stream went.

        Args:
            operation: Its key.
            endless: Whether it went on.
            greets: Whether something came although nobody did anything.
        """
        if endless or operation not in self._endless:
            self._endless[operation] = endless
        if endless:
            self._greeting.setdefault(operation, greets)

    def greets(self, operation: str) -> bool:
        """Whether a listener hears something as soon as it is there."""
        return self._greeting.get(operation, False)

    def caused(self, operation: str) -> None:
        """Note that something was heard after an operation."""
        self._misses[operation] = 0

    def caused_nothing(self, operation: str) -> None:
        """Note that nothing was heard in time."""
        self._misses[operation] = self._misses.get(operation, MISSES) + 1

    def reaction(self, operation: str) -> float:
        """Return the seconds to wait for what an operation causes."""
        misses = self._misses.get(operation)
        if misses is None:
            return FIRST_LOOK
        return REACTION if misses < MISSES else 0.0

    def may_ripen(self, operation: str) -> bool:
        """Whether a reading that fails on a new object may work a moment later."""
        return operation not in self._never

    def did_not_ripen(self, operation: str) -> None:
        """Note that it did not."""
        self._never.add(operation)

    def read_plainly(self, operation: str) -> None:
        """Note a reading that worked for an owner and needed nothing."""
        self.plain_reading = self.plain_reading or operation
