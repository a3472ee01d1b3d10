"""From a raw line to an event: whom it names, and which canaries it holds."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Final, final

from harness.model.event import LogLine, Unseen
from harness.model.history import NAME_FIELDS
from harness.model.scanner import Hit
from harness.observe.line import LONGEST, Line
from harness.observe.slots import json_slots, message_of, pair_slots
from harness.recording.recorder import Recorder

TAIL: Final = 20
"""Lines that an error about a dead app shows."""
_TEMPLATE: Final = 120
_SLOTS: Final = 64
_KEY: Final = re.compile(r"[A-Za-z_@][\w.@-]{0,63}")
_MASK: Final = "<canary>"
_CANARIES: Final = re.compile(
    r"(?i)zqx[a-z]{14}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32,}"
)


@final
class LogReader:
    """A sink for `tap` that records each line as an event.

    Args:
        recorder: Takes the events; its scanner and names tell what a line holds.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._tail: deque[str] = deque(maxlen=TAIL)

    def __call__(self, line: Line) -> None:
        self._tail.append(_shown(line))
        event: LogLine | Unseen
        try:
            event = self._event(line)
        except Exception as error:  # noqa: BLE001 - never into the app, never lost
            reason = f"{type(error).__name__}: {error}"
            event = Unseen("unseen", f"read a log line of {line.logger}", reason)
        self._recorder.add(event)

    def tail(self) -> tuple[str, ...]:
        """Return the last lines, oldest first."""
        return tuple(self._tail)

    def _event(self, line: Line) -> LogLine:
        values = (f"{key}={value}" for key, value in line.extras)
        first = () if line.message in line.texts else (line.message,)
        text = "\n".join((*first, *line.texts, *values))[: 2 * LONGEST]
        hits = self._recorder.scanner.scan_text(text)
        named = frozenset(hit.owner for hit in hits if hit.field in NAME_FIELDS)
        return LogLine(
            kind="log",
            at=self._recorder.now() + line.at - time.monotonic(),
            exchange=line.exchange,
            logger=line.logger,
            level=line.level,
            template=self._template(line.message, hits),
            slots=tuple(self._slots(line)),
            names=named | self._recorder.named_in(text),
            hits=hits,
        )

    def _template(self, message: str, hits: tuple[Hit, ...]) -> str:
        template = message_of(message)
        if hits and self._recorder.scanner.scan_text(template):
            template = _CANARIES.sub(_MASK, template)
            if self._recorder.scanner.scan_text(template):
                # In a form that has no visible bounds, such as base64.
                return _MASK
        return template[:_TEMPLATE]

    def _slots(self, line: Line) -> Iterator[tuple[str, int | None]]:
        """Yield each key once, with what the heaviest of its sources says.

        What an operator reads weighs most: JSON that a handler wrote, then the
        record's own keys, then pairs in a text.
        """
        names = self._recorder.names
        values: dict[str, str] = {}
        for key, value in _keys(line):
            if key not in values and _KEY.fullmatch(key):
                values[key] = value
        scanner = self._recorder.scanner
        for key, value in tuple(values.items())[:_SLOTS]:
            if not scanner.literal(key.encode()):
                yield key, _tenant(names, value)


def _keys(line: Line) -> Iterator[tuple[str, str]]:
    for text in reversed(line.texts):
        yield from json_slots(text)
    yield from line.extras
    for text in line.texts:
        yield from pair_slots(text)


def _tenant(names: Mapping[str, int], value: str) -> int | None:
    return names.get(value.strip().lower()) if value else None


def _shown(line: Line) -> str:
    texts = [text for text in line.texts if text] or [line.message]
    # A handler's rendering repeats the message and says more.
    text = texts[0] if len(texts) == 1 or texts[0] not in texts[1] else texts[1]
    rest = texts[2:] if text is texts[-1] or len(texts) > 2 else texts[1:]
    lead = f"{line.level} {line.logger}: " if line.level and text is texts[0] else ""
    return "\n".join((f"{lead}{text}", *rest))
