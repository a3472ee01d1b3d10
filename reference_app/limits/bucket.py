"""One token bucket."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

Clock = Callable[[], float]
_ROUNDING = 1e-6


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


@dataclass(frozen=True, slots=True)
class Use:
    """What was taken out of a bucket, and has not been written anywhere.

    Attributes:
        requests: How many.
        seconds: How long it takes until they have come back.
        full_in: Seconds until the bucket is full again.
    """

    requests: int
    seconds: float
    full_in: float


class Bucket:
    """Holds a minute's worth of requests and fills up evenly.

    It may owe requests: those that other processes have let through, when it
    learns of them.

    Args:
        per_minute: Requests that it holds, and that come back in a minute.
        clock: Seconds that never go back.
    """

    __slots__ = ("_clock", "_left", "_per_minute", "_seen", "_unwritten")

    def __init__(self, per_minute: int, clock: Clock = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._left = float(per_minute)
        self._seen = clock()
        self._unwritten = 0

    def take(self) -> None:
        """Take one request out; the caller has seen that there is one."""
        self._fill()
        self._left -= 1
        self._unwritten += 1

    def owe(self, seconds: float) -> None:
        """Take out as much as comes back in some seconds, though it may not be there.

        That is what others have used, so it is not for this one to write.
        """
        self._fill()
        self._left -= seconds * self._per_minute / 60

    def unwritten(self) -> Use:
        """Return what was taken and not yet written, however often it is asked."""
        self._fill()
        per_second = self._per_minute / 60
        return Use(
            requests=self._unwritten,
            seconds=self._unwritten / per_second,
            full_in=(self._per_minute - self._left) / per_second,
        )

    def written(self, use: Use, full_in: float) -> None:
        """Take note that a use was written, and of what is written by now.

        Args:
            use: As `unwritten` has returned it.
            full_in: Seconds from that writing until the bucket is full again, with
                what others have written.
        """
        self._unwritten -= use.requests
        self.owe(max(0.0, full_in - use.full_in))

    def is_full(self) -> bool:
        """Tell whether it remembers nothing: a new one would be the same."""
        self._fill()
        return self._unwritten == 0 and self._left >= self._per_minute

    def standing(self) -> Standing:
        """Return how it stands now."""
        self._fill()
        per_second = self._per_minute / 60
        missing = self._per_minute - self._left
        return Standing(
            limit=self._per_minute,
            # What was written is rounded to microseconds.
            remaining=max(0, math.floor(self._left + _ROUNDING)),
            reset=math.ceil(missing / per_second),
            retry_after=max(0, math.ceil((1 - self._left) / per_second)),
        )

    def _fill(self) -> None:
        now = self._clock()
        gained = (now - self._seen) * self._per_minute / 60
        self._left = min(self._per_minute, self._left + gained)
        self._seen = now
