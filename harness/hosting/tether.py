"""What makes a child end with its parent, however that ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable
from io import BufferedReader
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def follow_parent(parent: int) -> None:
    """Have the kernel end this process when its parent's main thread is gone.

    It sends SIGTERM: the thread of `watch` then has the moment that it needs to
    end the whole group, and the app's own children with it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        end_group()


def watch(lines: BufferedReader, command: Callable[[bytes], None]) -> None:
    """Read commands on a thread of its own; when they end, so does the group."""

    def read() -> None:
        try:
            for line in lines:
                command(line)
        finally:
            end_group()

    threading.Thread(target=read, name="harness-tether", daemon=True).start()


def end_group() -> None:
    """Kill this process and all that it started, at once."""
    os.killpg(os.getpgrp(), signal.SIGKILL)
