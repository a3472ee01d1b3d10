"""The recorder: takes events in, in the order in which they happen."""

from __future__ import annotations

import itertools
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.recording.names import Names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from harness.model.event import Event
    from harness.model.scanner import Scanner


class Recorder:
    """Collects the events of one run; safe to use from any thread.

    Args:
        scanner: Finds this run's canaries.
        names: Tenant names to look for in log lines, lower case, with the index
            of the tenant they name; `learn` adds to them.
    """

    def __init__(
        self, scanner: Scanner, *, names: Mapping[str, int] | None = None
    ) -> None:
        self.scanner = scanner
        self._names = Names()
        self._events: list[Event] = []
        self._ids = itertools.count(1)
        self._serving: set[int] = set()
        # A collector may run an app's finaliser, which logs, while the lock is held.
        self._lock = threading.RLock()
        self._started = time.perf_counter()
        self._wanted: Callable[[Event], bool] | None = None
        for name, tenant in (names or {}).items():
            self.learn(name, tenant)

    def now(self) -> float:
        """Seconds since the recording began."""
        return time.perf_counter() - self._started

    def next_exchange(self) -> int:
        """Return a fresh exchange id."""
        return next(self._ids)

    @contextmanager
    def serving(self, exchange: int) -> Iterator[None]:
        """Let it be known that an exchange is going on."""
        with self._lock:
            self._serving.add(exchange)
        try:
            yield
        finally:
            with self._lock:
                self._serving.discard(exchange)

    @property
    def only_exchange(self) -> int:
        """Id of the one exchange that is going on; 0 for none, or several."""
        with self._lock:
            return next(iter(self._serving)) if len(self._serving) == 1 else 0

    def add(self, event: Event) -> None:
        """Append a fact."""
        with self._lock:
            if self._wanted is None or self._wanted(event):
                self._events.append(event)

    def sift(self, wanted: Callable[[Event], bool]) -> None:
        """Keep only what is wanted from now on: under load too much comes in.

        Args:
            wanted: Whether a fact can matter.
        """
        with self._lock:
            self._wanted = wanted

    def learn(self, name: str, tenant: int) -> None:
        """Remember that a text, such as a slug or an id, names a tenant."""
        self._names.learn(name, tenant)

    @property
    def names(self) -> Mapping[str, int]:
        """Texts that name a tenant, lower case, and its index."""
        return self._names.tenants

    def named_in(self, text: str) -> frozenset[int]:
        """Return the tenants that are named in a text."""
        return self._names.named_in(text)

    @property
    def mark(self) -> int:
        """Position to hand to `since` later."""
        return len(self._events)

    def forget(self, mark: int) -> None:
        """Drop what came after a mark: a rehearsal is no part of the history."""
        with self._lock:
            del self._events[mark:]

    def since(self, mark: int = 0) -> tuple[Event, ...]:
        """Return the events that came after a mark; all of them by default."""
        with self._lock:
            return tuple(self._events[mark:])
