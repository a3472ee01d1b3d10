"""Server-Sent Events, as tests read what an app streams."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Frame:
    """One event of a stream; a comment has no name.

    Attributes:
        name: What kind of event it is.
        data: Its JSON, read; the text of a comment.
    """

    name: str
    data: Any


class FrameReader:
    """Puts the lines of a stream together; each of our events has one line of data."""

    def __init__(self) -> None:
        self._name = ""
        self._data = ""

    def feed(self, line: str) -> Frame | None:
        """Take a line without its end; return what is complete with it."""
        if line.startswith(":"):
            return Frame("", line[1:].strip())
        field, _, value = line.partition(": ")
        if field == "event":
            self._name = value
        elif field == "data":
            self._data = value
        elif not line and self._name:
            frame = Frame(self._name, json.loads(self._data))
            self._name = self._data = ""
            return frame
        return None


def frames(lines: Iterable[str]) -> Iterator[Frame]:
    """Yield the events of a stream that has ended, without its comments."""
    reader = FrameReader()
    for line in [*lines, ""]:
        frame = reader.feed(line)
        if frame is not None and frame.name:
            yield frame
