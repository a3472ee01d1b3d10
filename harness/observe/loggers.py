"""The tap on the logging module."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from harness.observe.capture import Capture
from harness.observe.records import line_of


@contextmanager
def loggers_tapped(capture: Capture) -> Iterator[None]:
    """Record each record that reaches a logger's handlers.

    The tap is in the methods that every logger and handler uses, and not a handler
    itself, so that it makes no difference which loggers exist, propagate or are
    configured anew. What a handler writes or formats meanwhile belongs to its
    record and is no line of its own.
    """
    active = True
    call_handlers = logging.Logger.callHandlers
    handle = logging.Handler.handle
    render = logging.Handler.format

    def tapped_call(logger: logging.Logger, record: logging.LogRecord) -> None:
        if not active:
            call_handlers(logger, record)
            return
        rendered: list[str] = []
        frames = capture.frames
        frames.append(rendered)
        try:
            call_handlers(logger, record)
        finally:
            frames.pop()
            capture.deliver(record.name, lambda: line_of(record, rendered))

    def tapped_handle(handler: logging.Handler, record: logging.LogRecord) -> Any:
        frames = capture.frames
        if not active or frames:
            return handle(handler, record)
        # A queue's listener, on a thread of its own: the record was taken where
        # it was logged.
        frames.append([])
        try:
            return handle(handler, record)
        finally:
            frames.pop()

    def tapped_format(handler: logging.Handler, record: logging.LogRecord) -> str:
        text = render(handler, record)
        if active and capture.frames and isinstance(text, str):
            capture.frames[-1].append(text)
        return text

    with (
        _replaced(logging.Logger, "callHandlers", tapped_call),
        _replaced(logging.Handler, "handle", tapped_handle),
        _replaced(logging.Handler, "format", tapped_format),
    ):
        try:
            yield
        finally:
            active = False


@contextmanager
def _replaced(owner: type, name: str, method: Callable[..., object]) -> Iterator[None]:
    """Put a method in the place of another, unless somebody else did so since.

    A tap that another one wraps stays where it is and passes everything on.
    """
    original = getattr(owner, name)
    setattr(owner, name, method)
    try:
        yield
    finally:
        if getattr(owner, name) is method:
            setattr(owner, name, original)
