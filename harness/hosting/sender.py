"""The child's end of the line to its parent."""

from __future__ import annotations

import socket
import threading
from collections import deque
from typing import final

from harness.hosting.messages import dump
from harness.observe.line import Line


@final
class Sender:
    """Sends messages in the order in which they come, from any thread.

    Safe to use amid itself, too: a finaliser may log while a message is sent.

    Args:
        control: Socket to the parent.
    """

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._queue: deque[bytes] = deque()
        self._lock = threading.Lock()

    def __call__(self, *message: object) -> None:
        """Send a message."""
        self._queue.append(dump(*message))
        # Whoever holds the lock sends for the others; look again after it is
        # free, because something may have come in between.
        while self._queue and self._lock.acquire(blocking=False):
            try:
                while self._queue:
                    self._control.sendall(self._queue.popleft())
            finally:
                self._lock.release()

    def line(self, line: Line) -> None:
        """Send a line; a sink for `tap`."""
        self("line", line.dump())
