"""The monotonic clock, for an app under a schedule: it passes as its sleeps do.

And only so: were the time that a busy machine takes added to it, what the app remembers
for two seconds would be forgotten in one run of a schedule, and not in the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, Final, final

_OURS: Final = "harness."
REAL_AFTER: Final = 30.0
"""Real seconds after which real time passes, too.

No schedule takes as long, unless something blocks its thread until a time has come.
"""


@final
class VirtualClock:
    """Time that a schedule lets pass, for the thread that it runs on.

    Without it, an app that notes when something may be tried again would find that
    after an hour's sleep no time has passed.
    """

    def __init__(self) -> None:
        self._passed = threading.local()
        self._monotonic = time.monotonic
        self._monotonic_ns = time.monotonic_ns

    def begins(self) -> None:
        """Have this thread see only what passes from now on."""
        # A whole number, so that sums come out the same whenever it is.
        self._passed.began = self._monotonic()
        self._passed.since = math.ceil(self._passed.began)
        self._passed.seconds = 0.0

    def passes(self, seconds: float) -> None:
        """Let time pass, on this thread."""
        self._passed.seconds = self.passed + seconds

    def ends(self) -> None:
        """Have this thread see the real time again."""
        self._passed.since = None
        self._passed.seconds = 0.0

    @property
    def passed(self) -> float:
        """Seconds that have passed since it began, on this thread."""
        seconds: float = getattr(self._passed, "seconds", 0.0)
        return seconds

    def monotonic(self) -> float:
        """Stand in for `time.monotonic`; the harness itself gets the real time."""
        since: int | None = getattr(self._passed, "since", None)
        if since is None or _asked_by_us():
            return self._monotonic()
        return since + self.passed + self._too_long()

    def monotonic_ns(self) -> int:
        """Stand in for `time.monotonic_ns`."""
        since: int | None = getattr(self._passed, "since", None)
        if since is None or _asked_by_us():
            return self._monotonic_ns()
        return since * 1_000_000_000 + int((self.passed + self._too_long()) * 1e9)

    def _too_long(self) -> float:
        """Return the seconds for which somebody may have waited for real time."""
        began: float = self._passed.began
        return max(0.0, self._monotonic() - began - REAL_AFTER)


@final
class RealTimeLoop(asyncio.SelectorEventLoop):
    """A loop for what is no part of a schedule, on the thread of one.

    Amid a schedule its timers would else wait for what that lets pass: for ever.
    """

    def time(self) -> float:
        """Return the real time, in seconds."""
        return time.monotonic()


def _asked_by_us() -> bool:
    name = sys._getframe(2).f_globals.get("__name__", "")  # noqa: SLF001
    return str(name).startswith(_OURS)


@contextlib.contextmanager
def virtual_monotonic() -> Iterator[VirtualClock]:
    """Have `time.monotonic` follow a schedule's clock, where one says so.

    Install it before the app is imported, or names that it has bound stay as they are.
    """
    clock, names = VirtualClock(), _names()
    before = time.monotonic, time.monotonic_ns
    names.monotonic, names.monotonic_ns = clock.monotonic, clock.monotonic_ns
    try:
        yield clock
    finally:
        names.monotonic, names.monotonic_ns = before


def _names() -> Any:
    return time
