"""What a child says: its messages on one pipe, stray output on others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final, final

from harness.observe.line import LONGEST, Line
from harness.observe.reader import LogReader

_LONGEST_MESSAGE: Final = 16 * LONGEST


@final
class Lines(asyncio.Protocol):
    """Cuts what comes through a pipe into lines.

    Args:
        take: Gets each line, without its end.

    Attributes:
        ended: Is set once nothing more can come.
    """

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self.ended = asyncio.Event()
        self._take = take
        self._rest = bytearray()

    def data_received(self, data: bytes) -> None:
        self._rest += data
        if b"\n" not in data and len(self._rest) < _LONGEST_MESSAGE:
            return
        *lines, rest = self._rest.split(b"\n")
        self._rest = rest
        for line in lines:
            self._take(bytes(line))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._rest:
            self._take(bytes(self._rest))
        self._rest.clear()
        self.ended.set()


@final
class Stray:
    """Records what reaches a child's descriptors past the taps.

    That is what libraries in C, programs that the app starts, and an interpreter
    that will not even boot have to say.

    Args:
        name: ``stdout`` or ``stderr``.
        reader: Takes the lines.
    """

    def __init__(self, name: str, reader: LogReader) -> None:
        self._name = name
        self._reader = reader

    def __call__(self, raw: bytes) -> None:
        """Record a line."""
        text = raw.decode("utf-8", "replace").rstrip()[:LONGEST]
        if text:
            self._reader(Line(time.monotonic(), 0, self._name, "", text, (text,)))
