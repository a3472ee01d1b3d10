"""The app's logger; each line is to carry the tenant."""

from __future__ import annotations

import logging
import threading

current = threading.local()


class TenantFilter(logging.Filter):
    """Put the tenant's name on each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Label the record and let it pass."""
        record.tenant = getattr(current, "tenant", None) or "unknown"
        return True


handler = logging.StreamHandler()
handler.setFormatter(
    logging.Formatter("%(asctime)s %(levelname)s [%(tenant)s] %(message)s")
)

logger = logging.getLogger("tutorial_app")
logger.setLevel(logging.INFO)
logger.addFilter(TenantFilter())
logger.addHandler(handler)
