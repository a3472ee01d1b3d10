"""From a record of the logging module to a line."""

from __future__ import annotations

import enum
import logging
import time
import traceback
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from harness.observe.line import LONGEST, Line
from harness.recording.context import EXCHANGE

_STANDARD: Final = frozenset(
    (*logging.makeLogRecord({}).__dict__, "asctime", "message", "color_message")
)
_EVENT_KEYS: Final = ("event", "message", "msg")
_DEPTH: Final = 3


def line_of(record: logging.LogRecord, rendered: Iterable[str]) -> Line:
    """Return what a record says.

    Args:
        record: After its handlers ran, so with what their filters added.
        rendered: What handlers made of it.
    """
    return Line(
        at=time.monotonic(),
        exchange=EXCHANGE.get(),
        logger=record.name,
        level=record.levelname,
        message=_template(record)[:LONGEST],
        texts=tuple(_texts(record, rendered)),
        extras=tuple(_extras(record)),
    )


def event_of(keys: Mapping[str, object]) -> str:
    """Return the message of a structured line; "" if it has none."""
    for key in _EVENT_KEYS:
        value = keys.get(key)
        if isinstance(value, str):
            return value
    return ""


def scalars(prefix: str, value: object, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield what a structured value holds, keys of nested ones with dots."""
    if isinstance(value, Mapping):
        if depth < _DEPTH:
            for key, inner in tuple(value.items()):
                name = f"{prefix}.{key}" if prefix else str(key)
                yield from scalars(name, inner, depth + 1)
    elif isinstance(value, enum.Enum):
        yield prefix, str(value.value)
    elif isinstance(value, (str, int, float, uuid.UUID)):
        yield prefix, str(value)[:LONGEST]
    elif value is None:
        yield prefix, ""


def _template(record: logging.LogRecord) -> str:
    message: object = record.msg
    if isinstance(message, str):
        return message
    if isinstance(message, Mapping):
        return event_of(message) or f"<{', '.join(map(str, message))}>"
    return str(message)


def _texts(record: logging.LogRecord, rendered: Iterable[str]) -> Iterator[str]:
    """Yield each text of a record once, leaving out what another one holds."""
    shown = [text.strip()[:LONGEST] for text in rendered]
    texts = [_message(record), *shown, *_traces(record), *_lists(record)]
    for index, text in enumerate(texts):
        others = texts[:index] if text in shown else [*texts[:index], *shown]
        if index == 0 or not any(text in other for other in others):
            yield text


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()[:LONGEST]
    except Exception:  # noqa: BLE001 - a wrong number of arguments, or their __str__
        return f"{_safe(record.msg)} {_safe(record.args)}"[:LONGEST]


def _safe(value: object) -> str:
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - an object of the app's
        return f"<{type(value).__name__}: {type(error).__name__}>"


def _traces(record: logging.LogRecord) -> Iterator[str]:
    if record.exc_text:
        yield record.exc_text[:LONGEST]
    elif record.exc_info and record.exc_info[0]:
        yield "".join(traceback.format_exception(*record.exc_info)).strip()[:LONGEST]
    if record.stack_info:
        yield record.stack_info[:LONGEST]


def _own(record: logging.LogRecord) -> Iterator[tuple[str, object]]:
    for key in sorted(record.__dict__.keys() - _STANDARD):
        if not key.startswith("_"):
            yield key, record.__dict__[key]


def _extras(record: logging.LogRecord) -> Iterator[tuple[str, str]]:
    message: object = record.msg
    if isinstance(message, Mapping):
        yield from scalars("", message)
    for key, value in _own(record):
        yield from scalars(key, value)
    if isinstance(record.args, Mapping):
        yield from scalars("", record.args)


def _lists(record: logging.LogRecord) -> Iterator[str]:
    """Yield extras that are no key's single value, but may hold something."""
    for _, value in _own(record):
        if isinstance(value, (list, tuple, set, frozenset, bytes)):
            yield _safe(value)[:LONGEST]
