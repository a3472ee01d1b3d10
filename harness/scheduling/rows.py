"""Rows of steps: somebody polls, and others must have their turn all the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, final

from harness.point import STEP
from harness.scheduling.entry import Entry

LONGEST: Final = 100
"""Steps in a row after which others go on, whatever a schedule would like."""


@final
class Row:
    """Steps of tasks that went one after another, with nothing else between."""

    def __init__(self) -> None:
        self._length = 0
        self._amid = 0

    def took(self, entry: Entry) -> None:
        """Take account of what goes ahead."""
        if entry.work.kind != STEP:
            self.ends()
            return
        self._length += 1
        if self._length == LONGEST // 2:
            self._amid = entry.came

    def ends(self) -> None:
        """Begin anew."""
        self._length = 0

    @property
    def is_long(self) -> bool:
        """Whether others have to go on."""
        return self._length >= LONGEST

    def starved(self, parked: Iterable[Entry]) -> Entry | None:
        """Return who was overtaken for half of the row or more; None if nobody was."""
        first = min(parked, key=lambda one: one.came, default=None)
        return first if first is not None and first.came < self._amid else None
