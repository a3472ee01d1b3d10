"""Framing: the messages in a stream of bytes, and the texts that they make up."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, Protocol, final

EVENT_STREAM: Final = "text/event-stream"
LINES: Final = frozenset(
    {"application/x-ndjson", "application/jsonl", "application/json-seq"}
)
LONGEST_MESSAGE: Final = 2**20
"""Bytes after which a message is taken as it is, whether it has ended or not."""

_LINE_END: Final = re.compile(rb"\r\n|\n|\r")
_RECORD: Final = b"\x1e"


def is_stream(content_type: str) -> bool:
    """Whether a media type is that of messages which come one after the other."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind == EVENT_STREAM or kind in LINES


class Framing(Protocol):
    """Takes bytes as they come, and gives the messages that they complete."""

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; return the messages that have ended."""
        ...

    def rest(self) -> list[bytes]:
        """Return what has come of a message that has not ended."""
        ...


def framing(content_type: str) -> Framing:
    """Return the framing of a media type that `is_stream` knows."""
    events = content_type.partition(";")[0].strip().lower() == EVENT_STREAM
    return EventStream() if events else Lines()


@final
class EventStream:
    """Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.

    A message is an event's data; comments, names and ids are messages of their
    own, since a canary may be in them.
    """

    def __init__(self) -> None:
        self._unended = b""
        self._data: list[bytes] = []

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; return the messages that have ended."""
        data = self._unended + data
        lines = _LINE_END.split(data)
        self._unended = lines.pop()
        if data.endswith(b"\r"):  # a line feed may follow
            self._unended = lines.pop() + b"\r"
        found: list[bytes] = []
        for line in lines:
            found += self._take(line)
        if len(self._unended) > LONGEST_MESSAGE:
            found += self.rest()
        return found

    def rest(self) -> list[bytes]:
        """Return what has come of an event that has not ended."""
        line, self._unended = self._unended.rstrip(b"\r"), b""
        return [*(self._take(line) if line else ()), *self._dispatch()]

    def _take(self, line: bytes) -> list[bytes]:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            return []
        return [value] if value else []

    def _dispatch(self) -> list[bytes]:
        data, self._data = self._data, []
        return [b"\n".join(data)] if data else []


@final
class Lines:
    """One message a line."""

    def __init__(self) -> None:
        self._unended = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; return the lines that have ended."""
        lines = _LINE_END.split(self._unended + data)
        self._unended = lines.pop()
        found = [line.strip(_RECORD) for line in lines if line.strip(_RECORD)]
        if len(self._unended) > LONGEST_MESSAGE:
            found += self.rest()
        return found

    def rest(self) -> list[bytes]:
        """Return the line that has not ended."""
        line, self._unended = self._unended.strip(_RECORD), b""
        return [line] if line else []


def strands(message: bytes) -> dict[str, str]:
    """Return the texts of a message by their place in it; "" is the whole.

    What is told bit by bit (an answer that a model writes) is at the same place in
    each message; list positions therefore do not count.
    """
    text = message.decode("utf-8", "replace")
    if text[:1] not in {"{", "[", '"'}:
        return {"": text}
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return {"": text}
    found: dict[str, str] = {}
    for place, leaf in _leaves(tree, "$"):
        found[place] = found.get(place, "") + leaf
    return found


def _leaves(tree: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(tree, str):
        yield place, tree
    elif isinstance(tree, dict):
        for name, value in tree.items():
            yield from _leaves(value, f"{place}.{name}")
    elif isinstance(tree, list):
        for value in tree:
            yield from _leaves(value, f"{place}[]")


def woven(messages: Iterable[bytes]) -> list[bytes]:
    """Return the texts that messages tell bit by bit, place by place."""
    texts: dict[str, list[str]] = {}
    for message in messages:
        for place, text in strands(message).items():
            texts.setdefault(place, []).append(text)
    return [
        "".join(parts).encode("utf-8", "surrogatepass")
        for parts in texts.values()
        if len(parts) > 1
    ]
