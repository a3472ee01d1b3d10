"""Which exchange, and which process of the app, the running code belongs to."""

from __future__ import annotations

from contextvars import ContextVar

EXCHANGE: ContextVar[int] = ContextVar("harness_exchange", default=0)
"""Id of the exchange whose request is being served; 0 outside of any.

Each task and worker thread that a request starts inherits it.
"""

PROCESS: ContextVar[int] = ContextVar("harness_process", default=1)
"""Which of the app's processes the running code plays, from 1, where there are several.

What a process starts inherits it, too.
"""
