"""Who is cancelled or cut off amid an operation, and exactly when."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, final

from harness.scheduling.outcomes import AFTER, CUT

if TYPE_CHECKING:
    from harness.scheduling.entry import Entry


@final
class Tampering:
    """Waits for the moment that was chosen for each operation.

    Args:
        entries: Operations under way for which one was chosen; those whose moment has
            come are taken out.
        leave: Has the actor of an operation leave.
    """

    def __init__(self, entries: list[Entry], leave: Callable[[Entry], None]) -> None:
        self._entries = entries
        self._leave = leave
        self._unread: list[Entry] = []

    def before_delivery(self) -> None:
        """Cancel whose answer has been read, and who is told of it next."""
        for entry in self._entries[:]:
            waited = getattr(entry.task, "_fut_waiter", None)
            if entry.outcome == AFTER and waited is not None and waited.done():
                self._entries.remove(entry)
                self._leave(entry)

    def amid_answers(self) -> bool:
        """Act where a statement has finished, or waits for a lock; False if nowhere.

        What was answered is read on only when nothing can run that came of it.
        """
        for entry in self._unread:
            if entry.work.wire is not None:
                entry.work.wire.resume()
        self._unread.clear()
        for entry in self._entries:
            wire = entry.work.wire
            if entry.held and wire is not None and (wire.answered() or entry.waits):
                entry.held = False
                self._entries.remove(entry)
                if entry.outcome == CUT:
                    wire.cut()
                else:
                    self._leave(entry)
                    self._unread.append(entry)
                return True
        return False
