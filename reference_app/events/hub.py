"""Hands what happens at a tenant to those who listen there, and to nobody else."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from reference_app.settings import Settings
from reference_app.tenants.tenant import Tenant

Ending = Literal["slow", "shutdown", "restart", "tenant", "access"]
"""Why a stream ended: its reader did not keep up, the app stops, the tenant is
opened anew, it was suspended or has left, or the token is not good any more."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at a tenant.

    Attributes:
        kind: What, such as `document.created`.
        at: When.
        data: What of it listeners are told; fit for JSON.
    """

    kind: str
    at: datetime
    data: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return what goes over the wire."""
        return {"kind": self.kind, "at": self.at.isoformat(), "data": dict(self.data)}


class StreamEnded(Exception):
    """No more events come; `ending` says why."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending)
        self.ending: Ending = ending


class TooManyStreams(Exception):
    """The tenant has as many listeners as one may have."""


class Subscription:
    """What waits for one listener; bounded, and never waited for.

    Args:
        backlog: Events that may wait before the listener counts as too slow.
    """

    def __init__(self, backlog: int) -> None:
        self._backlog = backlog
        self._waiting: deque[Event] = deque()
        self._ending: Ending | None = None
        self._changed = asyncio.Event()

    def offer(self, event: Event) -> None:
        """Add an event; a listener who has too many already is cut off."""
        if self._ending is not None:
            return
        if len(self._waiting) >= self._backlog:
            self.end("slow")
            return
        self._waiting.append(event)
        self._changed.set()

    def end(self, ending: Ending) -> None:
        """Let nothing more come; only at shutdown does what waits still go out."""
        if self._ending is None:
            self._ending = ending
        if ending != "shutdown":
            self._waiting.clear()
        self._changed.set()

    async def next(self) -> Event:
        """Wait for the next event.

        Raises:
            StreamEnded: There will be none.
        """
        while not self._waiting:
            if self._ending is not None:
                raise StreamEnded(self._ending)
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.popleft()


class EventHub:
    """The listeners of every tenant in this process.

    Publishing never waits, so a listener who does not read costs the one who
    writes nothing.

    Args:
        settings: How many may listen to a tenant, and how far they may lag.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._listeners: defaultdict[Hashable, set[Subscription]] = defaultdict(set)
        self._closed = False

    def key(self, tenant: Tenant) -> Hashable:
        """Return what a tenant's listeners are kept under."""
        return tenant.id

    def has_room(self, tenant: Tenant) -> bool:
        """Tell whether one more may listen."""
        listening = len(self._listeners.get(self.key(tenant), ()))
        return listening < self._settings.streams_per_tenant

    @contextmanager
    def subscribe(self, tenant: Tenant) -> Iterator[Subscription]:
        """Listen to a tenant for a block.

        Raises:
            TooManyStreams: As many listen already as may.
        """
        if not self.has_room(tenant):
            raise TooManyStreams
        key = self.key(tenant)
        subscription = Subscription(self._settings.stream_backlog)
        if self._closed:
            subscription.end("shutdown")
        self._listeners[key].add(subscription)
        try:
            yield subscription
        finally:
            self._listeners[key].discard(subscription)
            if not self._listeners[key]:
                del self._listeners[key]

    def publish(self, tenant: Tenant, event: Event) -> None:
        """Tell the tenant's listeners."""
        for subscription in self._listeners.get(self.key(tenant), ()):
            subscription.offer(event)

    def count(self) -> int:
        """Return how many listen, to whatever tenant."""
        return sum(len(listeners) for listeners in self._listeners.values())

    def end(self, tenant: Tenant, ending: Ending) -> None:
        """End all streams of one tenant."""
        for subscription in self._listeners.get(self.key(tenant), ()):
            subscription.end(ending)

    def close(self) -> None:
        """End all streams, those that begin later too."""
        self._closed = True
        for listeners in self._listeners.values():
            for subscription in listeners:
                subscription.end("shutdown")
