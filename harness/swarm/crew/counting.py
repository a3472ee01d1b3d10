"""Counting: what came of requests, per tenant and per operation."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, final

from hdrh.histogram import HdrHistogram

from harness.model.load import Tally
from harness.swarm.latencies import DIGITS, LONGEST

if TYPE_CHECKING:
    from collections.abc import Iterator


@final
class Count:
    """What came of the requests of one tenant, or of one operation."""

    def __init__(self) -> None:
        self.requests = self.failures = self.throttled = self.sighted = 0
        self.arrived = self.served = -1.0
        self.reasons: Counter[str] = Counter()
        self._latencies: HdrHistogram | None = None

    def arrive(self) -> None:
        """Note that somebody wants an answer, if it is the first."""
        if self.arrived < 0:
            self.arrived = time.monotonic()

    def succeeded(self, microseconds: int, now: float) -> None:
        """Note a request that did what it should."""
        if self._latencies is None:
            # It takes 10 kB: not for tenants that nobody asks for.
            self._latencies = HdrHistogram(1, LONGEST, DIGITS, word_size=4)
            self.served = now
        self.requests += 1
        self._latencies.record_value(min(microseconds, LONGEST))

    def failed(self, reason: str) -> None:
        """Note a request that did not."""
        self.requests += 1
        self.failures += 1
        self.reasons[reason] += 1

    def tally(self, worker: str, *, tenant: int = -1, operation: str = "") -> Tally:
        """Return it as an event."""
        latencies = b"" if self._latencies is None else self._latencies.encode()
        return Tally(
            kind="tally",
            worker=worker,
            tenant=tenant,
            operation=operation,
            requests=self.requests,
            failures=self.failures,
            throttled=self.throttled,
            sighted=self.sighted,
            arrived=self.arrived,
            served=self.served,
            reasons=tuple(self.reasons.most_common()),
            latencies=latencies.decode("ascii"),
        )


@final
class Counts:
    """What came of all requests of a worker.

    Attributes:
        total: Of all of them; has no latencies.
        refused: Attempts while nobody listened yet.
    """

    def __init__(self) -> None:
        self.total = Count()
        self.refused = 0
        self._tenants: dict[int, Count] = {}
        self._operations: dict[str, Count] = {}

    def tenant(self, index: int) -> Count:
        """Return the count of a tenant."""
        count = self._tenants.get(index)
        if count is None:
            count = self._tenants[index] = Count()
        return count

    def operation(self, key: str) -> Count:
        """Return the count of an operation."""
        count = self._operations.get(key)
        if count is None:
            count = self._operations[key] = Count()
        return count

    def tallies(self, worker: str) -> Iterator[Tally]:
        """Yield all counts as events."""
        for index, count in sorted(self._tenants.items()):
            yield count.tally(worker, tenant=index)
        for key, count in self._operations.items():
            yield count.tally(worker, operation=key)
