"""When users ask: on a schedule of their own, however slow the answers are.

Users who wait for an answer before they plan their next request would ask less of a
slow app, and its worst moments would hardly be measured ("coordinated omission"; Tene,
How NOT to Measure Latency, 2013). So each request has a moment at which it is due, and
its latency counts from there.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Protocol


class Scheduled(Protocol):
    """A user with a schedule.

    Attributes:
        due: When the next request is due, on the monotonic clock; 0: nobody knows.
        schedule: When the last one was due that was planned.
    """

    due: float
    schedule: float


Wait = Callable[[Scheduled], float]


def every(seconds: float) -> Wait:
    """Return a ``wait_time`` that makes a request due at fixed intervals.

    Args:
        seconds: From one to the next.
    """
    return _scheduled(lambda: seconds)


def now_and_then(seconds: float) -> Wait:
    """Return a ``wait_time`` that makes requests due at random (a Poisson process).

    Args:
        seconds: From one to the next, on average.
    """
    return _scheduled(lambda: random.expovariate(1.0 / seconds))


def _scheduled(draw: Callable[[], float]) -> Wait:
    def wait_time(user: Scheduled) -> float:
        now = time.monotonic()
        user.due = user.schedule = (user.schedule or now) + draw()
        return max(0.0, user.due - now)

    return wait_time
