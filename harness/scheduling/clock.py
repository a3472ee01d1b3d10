"""The monotonic clock, for an app under a schedule: it passes as its sleeps do."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, Final, final

_OURS: Final = "harness."


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

    def passes(self, seconds: float) -> None:
        """Let time pass, on this thread."""
        self._passed.seconds = self.passed + seconds

    def ends(self) -> None:
        """Have this thread see the real time again."""
        self._passed.seconds = 0.0

    @property
    def passed(self) -> float:
        """Seconds that have passed beside the real ones, on this thread."""
        seconds: float = getattr(self._passed, "seconds", 0.0)
        return seconds

    def monotonic(self) -> float:
        """Stand in for `time.monotonic`; the harness itself gets the real time."""
        passed: float = getattr(self._passed, "seconds", 0.0)
        if not passed or _asked_by_us():
            return self._monotonic()
        return self._monotonic() + passed

    def monotonic_ns(self) -> int:
        """Stand in for `time.monotonic_ns`."""
        passed: float = getattr(self._passed, "seconds", 0.0)
        if not passed or _asked_by_us():
            return self._monotonic_ns()
        return self._monotonic_ns() + int(passed * 1e9)


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
