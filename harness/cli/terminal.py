"""The streams that a user sees."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, TextIO

UNWRAPPED = 100_000
NARROWEST, WIDEST = 60, 120


@dataclass(frozen=True, slots=True)
class Terminal:
    """Standard output and error, taken before the log taps replace them.

    Attributes:
        out: For results.
        err: For progress, complaints and everything else.
        live: Whether lines on `err` may be drawn over; false under CI.
        color: Whether results may be coloured.
        width: Columns to wrap results at.
    """

    out: TextIO
    err: TextIO
    live: bool
    color: bool
    width: int

    @classmethod
    def of_this_process(cls, environ: Mapping[str, str]) -> Self:
        """Look at the streams, and at ``CI``, ``NO_COLOR`` and ``TERM``."""
        plain = in_ci(environ) or environ.get("TERM") == "dumb"
        drawn = sys.stdout.isatty() and not plain
        columns = shutil.get_terminal_size().columns
        return cls(
            out=sys.stdout,
            err=sys.stderr,
            live=sys.stderr.isatty() and not plain,
            color=drawn and not environ.get("NO_COLOR"),
            width=min(max(columns, NARROWEST), WIDEST) if drawn else UNWRAPPED,
        )

    def say(self, text: str) -> None:
        """Print a result."""
        _write(self.out, text)

    def tell(self, text: str) -> None:
        """Print something about the run rather than a result of it."""
        _write(self.err, text)


def in_ci(environ: Mapping[str, str]) -> bool:
    """Whether this runs on a CI server."""
    return environ.get("CI", "").lower() not in {"", "0", "false"}


def _write(stream: TextIO, text: str) -> None:
    """Write a line; a reader that has gone must not change the exit code."""
    try:
        stream.write(text if text.endswith("\n") else f"{text}\n")
        stream.flush()
    except BrokenPipeError:
        # What is left in the buffer would fail again when Python exits.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
