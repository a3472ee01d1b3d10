"""The log tap: each line that the app logs or prints while it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from harness.observe.capture import Capture
from harness.observe.line import Sink
from harness.observe.loggers import loggers_tapped
from harness.observe.streams import streams_tapped


@contextmanager
def tap(sink: Sink, *, echo: bool = False) -> Iterator[None]:
    """Hand each line to a sink: of the logging module, stdout, stderr, warnings.

    Install it before the app is imported; what the app then keeps of the standard
    streams is tapped too. Who wants to print past it uses a stream saved before.
    It raises nothing into the app and leaves everything as it was.

    Args:
        sink: Called on the thread that wrote the line; a `LogReader` turns it
            into an event.
        echo: Show printed lines where they would have gone as well.
    """
    capture = Capture(sink)
    with streams_tapped(capture, echo=echo), loggers_tapped(capture):
        yield
