"""JSON log lines that carry the tenant and the request."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from structlog.stdlib import BoundLogger

from reference_app.settings import Settings

LOGGER = "reference_app"
_HERE = Path(__file__).parent


@contextmanager
def json_logging(settings: Settings) -> Iterator[BoundLogger]:
    """Yield the app's logger; lines go through the standard library's.

    What the process already does with logging stays as it is: a handler of our
    own is added only while nobody else listens. Tenant and request id come from
    structlog's context variables, so each line carries them.
    """
    stdlib = logging.getLogger(LOGGER)
    level = stdlib.level
    own = None if stdlib.hasHandlers() else logging.StreamHandler(sys.stderr)
    if own is not None:
        stdlib.addHandler(own)
    if level == logging.NOTSET:
        stdlib.setLevel(logging.INFO)
    try:
        yield structlog.wrap_logger(
            stdlib,
            processors=[
                structlog.stdlib.filter_by_level,
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(),
            ],
            wrapper_class=BoundLogger,
            cache_logger_on_first_use=False,
        )
    finally:
        stdlib.setLevel(level)
        if own is not None:
            stdlib.removeHandler(own)


def log_failure(logger: BoundLogger, event: str, error: Exception) -> None:
    """Log an error as what and where, never with its message.

    Messages of a database repeat the values of rows.
    """
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_HERE)]
    where = [
        f"{Path(frame.filename).stem}.{frame.name}:{frame.lineno}"
        for frame in (ours or frames)[-3:]
    ]
    kind = type(error).__qualname__
    logger.error(event, error=kind, where=" > ".join(where))
