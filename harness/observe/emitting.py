"""How a beacon gets into the app's log; runs where the app runs."""

from __future__ import annotations

import logging
import sys
from typing import Final

from harness.observe.streams import NAMES

LOGGER: Final = "harness.beacon"
SOURCES: Final = (LOGGER, *NAMES)


def emit_beacon(source: str, text: str) -> None:
    """Log or print a beacon, as a part of the app would.

    Args:
        source: One of `SOURCES`.
        text: The beacon.
    """
    message = f"beacon of the test harness: {text}"
    if source in NAMES:
        print(message, file=getattr(sys, source), flush=True)
        return
    logger = logging.getLogger(source)
    # An app that configures logging anew disables the loggers that there are.
    logger.disabled = False
    level = max(logging.WARNING, logger.getEffectiveLevel())
    logger.log(level, "beacon of the test harness: %s", text)
