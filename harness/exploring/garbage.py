"""When Python collects garbage: between schedules, and not at some moment amid one."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def set_apart() -> Iterator[None]:
    """Have what is there now not looked at by collections, for a block.

    It is there as long as the block, and looking at it takes longer than a schedule.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Have garbage collected after a block, and not in it.

    When Python collects by itself depends on how much was made since the process
    began; what an app refers to weakly would be gone in one run of a schedule, and not
    in the next.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.collect()
        if was_enabled:
            gc.enable()
