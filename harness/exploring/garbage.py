"""When Python collects garbage: between schedules, and not at some moment amid one."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from typing import Final, final

THAWED: Final = 50
"""After how many blocks all that is there is looked at again."""


@final
class Garbage:
    """Collects what was made in a block after it, and looks at nothing older.

    What is still there then is most often what a library remembers of an app that is
    over, as FastAPI does of the last hundred or so. To look at that after each
    schedule would soon take longer than the schedule; now and then is enough.
    """

    def __init__(self) -> None:
        self._blocks = 0

    @contextlib.contextmanager
    def uncollected(self) -> Iterator[None]:
        """Have garbage collected after a block, and not in it.

        When Python collects by itself depends on how much was made since the process
        began; what an app refers to weakly would be gone in one run of a schedule, and
        not in the next.
        """
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            self._collect()
            if was_enabled:
                gc.enable()

    def _collect(self) -> None:
        self._blocks += 1
        if self._blocks % THAWED == 0:
            gc.unfreeze()
        gc.collect()
        gc.freeze()


@contextlib.contextmanager
def set_apart() -> Iterator[Garbage]:
    """Have what is there now not looked at by collections, for a block.

    It is there as long as the block, and looking at it takes longer than a schedule.
    """
    gc.collect()
    gc.freeze()
    try:
        yield Garbage()
    finally:
        gc.unfreeze()
