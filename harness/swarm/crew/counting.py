"""Counting: what came of requests, per tenant and per operation."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final, final

from hdrh.histogram import HdrHistogram

from harness.model.load import Tally
from harness.swarm.latencies import DIGITS, LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.swarm.crew.asked import Asked
    from harness.swarm.crew.reply import Reply

SERVER_ERROR: Final = 500


@final
class Count:
    """What came of the requests of one tenant, or of one operation."""

    def __init__(self) -> None:
        self.requests = self.failures = self.throttled = self.sighted = 0
        self.expired = 0
        self.arrived = self.served = -1.0
        self.reasons: Counter[str] = Counter()
        self.channel = ""
        self._latencies: HdrHistogram | None = None

    def arrive(self) -> None:
        """Note that somebody wants an answer, if it is the first."""
        if self.arrived < 0:
            self.arrived = time.monotonic()

    def succeeded(self, microseconds: int, now: float) -> None:
        """Note a request that did what it should."""
        if self.served < 0:
            self.served = now
        self.requests += 1
        self.time(microseconds)

    def time(self, microseconds: int) -> None:
        """Note how long something took."""
        if self._latencies is None:
            # It takes 10 kB: not for tenants that nobody asks for.
            self._latencies = HdrHistogram(1, LONGEST, DIGITS, word_size=4)
        self._latencies.record_value(min(microseconds, LONGEST))

    def throttle(self) -> None:
        """Note a request that was answered with 429."""
        self.requests += 1
        self.throttled += 1

    def expire(self) -> None:
        """Note a request whose credential was no longer good, and none is at hand."""
        self.requests += 1
        self.expired += 1

    def failed(self, reason: str) -> None:
        """Note a request that did not."""
        self.requests += 1
        self.broke(reason)

    def broke(self, reason: str) -> None:
        """Note that a request failed which had seemed to succeed."""
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
            expired=self.expired,
            channel=self.channel,
            reasons=tuple(self.reasons.most_common()),
            latencies=latencies.decode("ascii"),
        )


@final
class Counts:
    """What came of all requests of a worker.

    Attributes:
        total: Of all of them; has no latencies.
        refused: Attempts while nobody listened yet.

    Args:
        renewable: Whether workers can log users in again.
    """

    def __init__(self, *, renewable: bool = True) -> None:
        self._renewable = renewable
        self.total = Count()
        self.refused = 0
        self._tenants: dict[int, Count] = defaultdict(Count)
        self._operations: dict[str, Count] = defaultdict(Count)

    def tenant(self, index: int) -> Count:
        """Return the count of a tenant."""
        return self._tenants[index]

    def add(self, asked: Asked, reply: Reply) -> bool:
        """Note what came of a request; say whether it did what it should.

        What is not its sender's may be refused, or may not be there: then only a
        crash is a failure, and nothing is timed. That a session has ended is none of
        the app's failures either.

        Args:
            asked: The request.
            reply: What came of it.
        """
        tenant, operation = self._of(asked)
        fine = reply.succeeded or reply.throttled
        if asked.stray:
            fine = 0 < reply.status < SERVER_ERROR
            if fine:
                return True
        self.total.requests += 1
        if reply.logged_out and not self._renewable:
            for count in (tenant, operation):
                count.expire()
        elif not fine:
            self.total.failures += 1
            for count in (tenant, operation):
                count.failed(reply.failure)
        elif reply.throttled:
            self.total.throttled += 1
            for count in (tenant, operation):
                count.throttle()
        else:
            microseconds = int((reply.ended - asked.due) * 1e6)
            for count in (tenant, operation):
                count.succeeded(microseconds, reply.ended)
        return fine

    def opened(self, asked: Asked) -> None:
        """Note a stream or a socket that was opened, and goes on."""
        self.total.requests += 1
        tenant, operation = self._of(asked)
        tenant.requests += 1
        operation.requests += 1
        operation.channel = asked.prepared.channel

    def began(self, asked: Asked, reply: Reply) -> None:
        """Note how long it took until a stream or a socket was of use.

        That is no latency of its tenant's: a stream says something when there is
        something to say.

        Args:
            asked: What opened it.
            reply: The handshake of a socket, or the first message of a stream.
        """
        _, operation = self._of(asked)
        operation.time(int((reply.ended - asked.due) * 1e6))

    def broke(self, asked: Asked, reason: str) -> None:
        """Note that an open stream or socket ended as none should."""
        self.total.failures += 1
        for count in self._of(asked):
            count.broke(reason)

    def sight(self, asked: Asked, sees: Callable[[], bool]) -> None:
        """Note whether a tenant heard data of its own, unless that is known."""
        counts = self._of(asked)
        if not all(count.sighted for count in counts) and sees():
            for count in counts:
                count.sighted = 1

    def _of(self, asked: Asked) -> tuple[Count, Count]:
        tenant = self._tenants[asked.by.tenant.index]
        return tenant, self._operations[asked.prepared.operation]

    def tallies(self, worker: str) -> Iterator[Tally]:
        """Yield all counts as events."""
        for index, count in sorted(self._tenants.items()):
            yield count.tally(worker, tenant=index)
        for key, count in self._operations.items():
            yield count.tally(worker, operation=key)
