"""The app's logger; each line carries the tenant of the request."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# A context variable belongs to one request's context, and a worker thread gets a
# copy of the context that it works for.
current_tenant: ContextVar[str] = ContextVar("current_tenant", default="-")

logger = logging.getLogger("careful_app")


class TenantFilter(logging.Filter):
    """Put the tenant's name on each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Label the record and let it pass."""
        record.tenant = current_tenant.get()
        return True


@contextmanager
def logging_to_stderr() -> Iterator[None]:
    """Write labelled lines to stderr while the app runs."""
    label = TenantFilter()
    handler = logging.StreamHandler()
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)s [%(tenant)s] %(message)s")
    )
    logger.setLevel(logging.INFO)
    logger.addFilter(label)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.removeFilter(label)
