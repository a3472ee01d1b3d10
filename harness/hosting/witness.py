"""In a worker: tells the parent how it starts and stops."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import astuple
from pathlib import Path
from typing import Final, final

from harness.hosting.messages import Setup
from harness.model.boot import Phase
from harness.observe.asyncpg.connections import connections_tapped
from harness.observe.initialisers import initialisers_tapped

_LINGER: Final = 60.0
_STATUS: Final = Path("/proc/self/status")
_PEAK: Final = "VmHWM:"


@final
class Witness:
    """Tells the parent of phases, and of what the taps see.

    Args:
        setup: Says what to watch.
        send: Sends a message to the parent.
        stack: Takes the taps out again.

    Attributes:
        dismissed: Is set once nobody looks at the stopped app any more.
    """

    def __init__(
        self, setup: Setup, send: Callable[..., None], stack: ExitStack
    ) -> None:
        self.dismissed = asyncio.Event()
        self._send = send
        self.reached(Phase.RUNNING)
        stack.enter_context(
            connections_tapped(
                lambda one: send("connection", *astuple(one)),
                directory=Path(setup.directory),
            )
        )
        self._complain = stack.enter_context(
            initialisers_tapped(
                setup.initialisers, lambda one: send("called", *astuple(one))
            )
        )

    def reached(self, phase: Phase) -> None:
        """Tell of a phase."""
        if phase is Phase.IMPORTED:
            self._complain()
        self._send("reached", phase, time.monotonic(), most_memory())

    async def linger(self) -> None:
        """Stay until somebody has looked at what the app left open."""
        self.reached(Phase.STOPPED)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER):
                await self.dismissed.wait()


def most_memory() -> int:
    """Return the most bytes that this process had resident at once."""
    try:
        lines = _STATUS.read_text(encoding="ascii").splitlines()
    except OSError:
        lines = []
    for line in lines:
        if line.startswith(_PEAK):
            return int(line.split()[1]) * 1024
    # Elsewhere it is what a process inherited, too; macOS counts in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
