"""A deadline that also ends what blocks the event loop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_AGAIN: Final = 1.0


class Overdue(BaseException):
    """The deadline passed; not an `Exception`, which apps catch and retry."""


@contextmanager
def blocking_deadline(seconds: float) -> Iterator[None]:
    """Interrupt the block when it is not done in time, and again until it is.

    Works on the main thread and where nobody else uses SIGALRM; elsewhere it does
    nothing, and only deadlines of the event loop hold. An event loop that waits is left
    to those, too: nobody would catch what is raised out of it.

    Raises:
        Overdue: Out of whatever runs then.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGALRM) is not signal.SIG_DFL:
        yield
        return

    def overdue(_number: int, frame: FrameType | None) -> None:
        if not _waits(frame):
            raise Overdue

    signal.signal(signal.SIGALRM, overdue)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _waits(frame: FrameType | None) -> bool:
    """Whether asyncio's loop is what runs, rather than something that it has called."""
    called = None
    while frame is not None:
        if frame.f_code.co_name == "_run_once":
            return called is None or called.f_code.co_name != "_run"
        called, frame = frame, frame.f_back
    return False
