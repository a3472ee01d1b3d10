"""Which exchange the running code belongs to."""

from __future__ import annotations

from contextvars import ContextVar

EXCHANGE: ContextVar[int] = ContextVar("harness_exchange", default=0)
"""Id of the exchange whose request is being served; 0 outside of any.

Each task and worker thread that a request starts inherits it.
"""
