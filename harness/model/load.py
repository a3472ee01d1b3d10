"""What the workers of a swarm say: signs of life, and what came of their requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Beat:
    """A sign of life of a worker; its figures count from its beginning.

    Attributes:
        worker: Its name, unique in a run.
        at: Seconds on the machine's monotonic clock.
        cpu: Share of one core that it used, or was kept waiting for, since the beat
            before; 0..1.
        users: Users that it simulates now.
        requests: Answered ones, failures included.
        failures: Those among them that failed, and those that were not answered.
        throttled: Those that were answered with 429.
        refused: Attempts while nobody listened yet; they are no requests.
        last: Whether it ended as it should, and has told all.
    """

    kind: Literal["beat"]
    worker: str
    at: float
    cpu: float
    users: int
    requests: int
    failures: int
    throttled: int
    refused: int
    last: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of a worker's requests: of one tenant's, or of one operation's.

    Attributes:
        worker: The worker's name.
        tenant: Index of the tenant; -1 in the tally of an operation.
        operation: Key of the operation; "" in the tally of a tenant.
        requests: Answered ones, failures included.
        failures: Those among them that failed, and those that were not answered.
        throttled: Those that were answered with 429.
        sighted: 1 once the tenant saw data of its own in the answer to a reading, or
            any tenant heard its own on what this operation opened.
        arrived: When its first user tried first, on the monotonic clock; -1: never.
        served: When a request succeeded first, on the same clock; -1: never.
        expired: Those that were answered with 401 where nobody could log in again.
        channel: What the operation opened: ``stream`` or ``socket``; "" where answers
            end, and in the tally of a tenant.
        reasons: What the failures were, and how many of each.
        latencies: Of the successful ones, in µs: an HDR histogram, encoded
            (HdrHistogram's V2 format, base64). Of what was opened, the times to a
            socket's handshake or a stream's first message.
    """

    kind: Literal["tally"]
    worker: str
    tenant: int
    operation: str
    requests: int
    failures: int
    throttled: int
    sighted: int
    arrived: float
    served: float
    expired: int = field(default=0, kw_only=True)
    channel: str = field(default="", kw_only=True)
    reasons: tuple[tuple[str, int], ...]
    latencies: str


LoadEvent = Beat | Tally
