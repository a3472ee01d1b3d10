"""The tap on standard output and standard error."""

from __future__ import annotations

import io
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, BinaryIO, Final, TextIO, cast, final

from harness.observe.capture import Capture
from harness.observe.line import LONGEST, Line
from harness.recording.context import EXCHANGE

NAMES: Final = ("stdout", "stderr")


@contextmanager
def streams_tapped(capture: Capture, *, echo: bool) -> Iterator[None]:
    """Record what is printed, instead of showing it.

    Args:
        capture: Takes the lines.
        echo: Show it as well.
    """
    originals = {name: getattr(sys, name) for name in NAMES}
    taps = []
    for name, original in originals.items():
        tap = TapStream(name, original, capture, echo=echo)
        taps.append(tap)
        setattr(sys, name, tap)
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(sys, name, original)
        for tap in taps:
            tap.release()


@final
class _Printed:
    """Joins the pieces that each thread prints into lines.

    What ends with a line break is one line, however many it has inside: a line of
    a log with a traceback below it comes in one piece.
    """

    def __init__(self, name: str, capture: Capture) -> None:
        self._name = name
        self._capture = capture
        self._pending: dict[int, tuple[int, list[str]]] = {}

    def feed(self, text: str) -> None:
        frames = self._capture.frames
        if frames:
            frames[-1].append(text)
            return
        thread = threading.get_ident()
        exchange = EXCHANGE.get()
        begun, pieces = self._pending.setdefault(thread, (exchange, []))
        if begun != exchange:
            self._end(thread)
            _, pieces = self._pending.setdefault(thread, (exchange, []))
        pieces.append(text)
        if text.endswith("\n") or sum(map(len, pieces)) > LONGEST:
            self._end(thread)

    def flush(self) -> None:
        """End all lines that were begun."""
        for thread in tuple(self._pending):
            self._end(thread)

    def _end(self, thread: int) -> None:
        exchange, pieces = self._pending.pop(thread, (0, []))
        for text in _split("".join(pieces).strip()):
            cut = text[:LONGEST]
            line = Line(time.monotonic(), exchange, self._name, "", cut, (cut,))
            self._capture.deliver(self._name, partial(_same, line))


def _same(line: Line) -> Line:
    return line


def _split(text: str) -> list[str]:
    """Return the text as one line, or as several if each is an object in JSON."""
    lines = text.splitlines()
    if len(lines) > 1 and all(line.startswith("{") for line in lines):
        return lines
    return [text] if text else []


@final
class TapStream(io.TextIOBase):
    """Stands in for a standard stream; harmless when it outlives the tap.

    Args:
        name: ``stdout`` or ``stderr``.
        original: The stream that it stands in for.
        capture: Takes the lines.
        echo: Show them as well.
    """

    encoding = "utf-8"
    errors = "replace"
    newlines = None
    line_buffering = True

    def __init__(
        self, name: str, original: TextIO, capture: Capture, *, echo: bool
    ) -> None:
        self.name = f"<{name}>"
        self.mode = "w"
        self.buffer = cast("BinaryIO", _TapBuffer(self))
        self._stream = name
        self._original = original
        self._echo = echo
        self._active = True
        self._printed = _Printed(name, capture)

    def write(self, text: str, /) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self._active:
            self._printed.feed(text)
        if self._echo or not self._active:
            self._successor().write(text)
        return len(text)

    def flush(self) -> None:
        if self._echo or not self._active:
            self._successor().flush()

    def release(self) -> None:
        """Record what is left and pass on all that comes from now on."""
        self._printed.flush()
        self._active = False

    def _successor(self) -> TextIO:
        """Return where output goes now: old handlers may still hold this one."""
        current = getattr(sys, self._stream)
        if self._active or current is self or current.closed:
            return self._original
        return cast("TextIO", current)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return self._original.fileno()

    def close(self) -> None:
        """Stay open: standard streams are not the app's to close."""

    def reconfigure(self, **_: Any) -> None:
        """Accept any settings; they make no difference here."""


@final
class _TapBuffer(io.BufferedIOBase):
    """The bytes below a `TapStream`."""

    def __init__(self, stream: TapStream) -> None:
        self._text = stream
        self.name = stream.name
        self.mode = "wb"

    def write(self, data: Any, /) -> int:
        raw = bytes(data)
        self._text.write(raw.decode("utf-8", "replace"))
        return len(raw)

    def flush(self) -> None:
        self._text.flush()

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._text.fileno()

    def close(self) -> None:
        """Stay open, as the stream does."""
