"""JSON lines on stderr; each event is given its tenant by who writes it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger("header_app")


class JsonFormatter(logging.Formatter):
    """Render a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "event": record.getMessage(),
            "tenant": getattr(record, "tenant", None),
        }
        return json.dumps(line)


@contextmanager
def logging_to_stderr() -> Iterator[None]:
    """Write JSON lines to stderr while the app runs."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
