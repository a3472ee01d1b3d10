"""One token bucket."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a bucket stands, in the terms of the `RateLimit-*` headers.

    Attributes:
        limit: Requests that a full bucket holds.
        remaining: Requests that may be made at once.
        reset: Seconds until the bucket is full again, rounded up.
        retry_after: Seconds until one more request may be made; 0 if it may be now.
    """

    limit: int
    remaining: int
    reset: int
    retry_after: int


class Bucket:
    """Holds a minute's worth of requests and fills up evenly.

    Args:
        per_minute: Requests that it holds, and that come back in a minute.
        clock: Seconds that never go back.
    """

    __slots__ = ("_clock", "_left", "_per_minute", "_seen")

    def __init__(self, per_minute: int, clock: Clock = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._left = float(per_minute)
        self._seen = clock()

    def take(self) -> None:
        """Take one request out; the caller has seen that there is one."""
        self._fill()
        self._left -= 1

    def is_full(self) -> bool:
        """Tell whether it remembers nothing: a new one would be the same."""
        self._fill()
        return self._left >= self._per_minute

    def standing(self) -> Standing:
        """Return how it stands now."""
        self._fill()
        per_second = self._per_minute / 60
        missing = self._per_minute - self._left
        return Standing(
            limit=self._per_minute,
            remaining=math.floor(self._left),
            reset=math.ceil(missing / per_second),
            retry_after=max(0, math.ceil((1 - self._left) / per_second)),
        )

    def _fill(self) -> None:
        now = self._clock()
        gained = (now - self._seen) * self._per_minute / 60
        self._left = min(self._per_minute, self._left + gained)
        self._seen = now
