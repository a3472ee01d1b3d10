"""Seeded bug: a log line carries the tenant of the line before."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from fastapi import FastAPI
from structlog.stdlib import BoundLogger
from structlog.typing import EventDict, WrappedLogger

from reference_app import main
from reference_app.logs import LOGGER, json_logging
from reference_app.parts import Parts
from reference_app.settings import Settings


class LastKnownTenant:
    """Labels lines that have lost their context, such as those of threads.

    It must come after `merge_contextvars`: what an event says already wins there.
    """

    def __init__(self) -> None:
        self._last: str | None = None

    def __call__(
        self, logger: WrappedLogger, method: str, event: EventDict
    ) -> EventDict:
        if self._last is not None:
            event.setdefault("tenant", self._last)
        now = structlog.contextvars.get_contextvars()
        self._last = now.get("tenant", self._last)
        return event


@contextmanager
def logging_with_fallback(settings: Settings) -> Iterator[BoundLogger]:
    """Yield the app's logger; its lines are never without a tenant."""
    with json_logging(settings):
        yield structlog.wrap_logger(
            logging.getLogger(LOGGER),
            processors=[
                structlog.stdlib.filter_by_level,
                LastKnownTenant(),
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(),
            ],
            wrapper_class=BoundLogger,
            cache_logger_on_first_use=False,
        )


def create_app() -> FastAPI:
    """Make the app."""
    return main.create_app(parts=Parts(logger=logging_with_fallback))
