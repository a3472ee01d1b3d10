"""How much of a core this process needs: one that needs all of it cannot keep up."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Final, final

_SCHEDULED: Final = Path("/proc/self/schedstat")


@final
class Core:
    """Measures the share of a core that this process used, or waited for."""

    def __init__(self) -> None:
        self._wall, self._needed = time.monotonic(), _needed()

    def share(self) -> float:
        """Return the share since the last time, 0..1.

        A generator that others keep from running is as late as one that never rests.
        """
        wall, needed = time.monotonic(), _needed()
        passed, worked = wall - self._wall, needed - self._needed
        self._wall, self._needed = wall, needed
        return min(1.0, worked / passed) if passed > 0 else 0.0


def _needed() -> float:
    """Return the seconds that this process ran, or was ready to and had no core."""
    times = os.times()
    waited = 0.0
    # Linux only; of the main thread, which is the one that simulates users.
    with contextlib.suppress(OSError, ValueError, IndexError):
        waited = int(_SCHEDULED.read_text().split()[1]) / 1e9
    return times.user + times.system + waited
