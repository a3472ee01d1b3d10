"""Between the taps and the sink: what must never disturb the app."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import final

from harness.observe.line import Line, Sink
from harness.recording.context import EXCHANGE


@final
class Capture(threading.local):
    """What one installation of the taps shares; each thread has its own.

    Args:
        sink: Takes the lines.

    Attributes:
        frames: For each record that this thread is handling now, what handlers
            and streams made of it so far.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._busy = False
        self.frames: list[list[str]] = []

    def deliver(self, logger: str, make: Callable[[], Line]) -> None:
        """Make a line and hand it on.

        An error inside is not the app's business, but it must show: it becomes
        a line of its own.
        """
        if self._busy:
            # The sink itself printed, or a finaliser ran amid it.
            return
        self._busy = True
        try:
            try:
                line = make()
            except Exception as error:  # noqa: BLE001 - objects of the app's
                line = _unreadable(logger, error)
            self._sink(line)
        except Exception:  # noqa: BLE001, S110 - a sink reports its own errors
            pass
        finally:
            self._busy = False


def _unreadable(logger: str, error: Exception) -> Line:
    text = f"<a line that cannot be read: {type(error).__name__}>"
    return Line(time.monotonic(), EXCHANGE.get(), logger, "", text, (text,))
