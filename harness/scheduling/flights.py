"""Operations that were sent: which of them still go on, and which wait for others."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, final

from harness.scheduling.entry import Entry, State

if TYPE_CHECKING:
    from harness.scheduling.locks import Locks
    from harness.scheduling.loop import GatedLoop
    from harness.scheduling.outside import Outside

GLANCE: Final = 0.002
"""Seconds after which the database is asked whether a statement waits for a lock."""
LONGEST_GLANCE: Final = 0.032
"""The same once it was asked again and again, and none did: it is only slow."""
STALL: Final = 5.0
"""Seconds after which work that nobody answers is said to wait for something here."""
SLOWEST: Final = 60.0
"""The same for what the database has not answered, or not let in."""


@final
class Flights:
    """Keeps account of what is under way between the app and the outside.

    Args:
        loop: Which hears of answers.
        locks: Tells which statements wait for a lock.
        outside: Hears of what comes.
    """

    def __init__(self, loop: GatedLoop, locks: Locks, outside: Outside) -> None:
        self._loop = loop
        self._outside = outside
        self._locks = locks
        self._flying: list[Entry] = []
        self._landed: list[Entry] = []
        self._changed = False
        self._glance = GLANCE

    @property
    def waiting(self) -> list[Entry]:
        """Those that were sent and wait for others."""
        return [one for one in self._flying if one.waits]

    @property
    def flying(self) -> list[Entry]:
        """Those whose answer has not come."""
        return list(self._flying)

    def begin(self, entry: Entry) -> None:
        """Take account of an operation that is sent now."""
        entry.state = State.FLYING
        entry.since = time.monotonic()
        self._flying.append(entry)
        self._glance = GLANCE

    def over(self, entry: Entry) -> bool:
        """Take account of an answer; return whether it has to be kept for a while.

        It has where others are under way: in which order answers come is luck.
        """
        self._drop(entry)
        if not self._flying and not self._landed:
            entry.state = State.OVER
            return False
        entry.state = State.LANDED
        entry.landing = self._loop.create_future()
        self._landed.append(entry)
        return True

    def abandon(self, entry: Entry) -> None:
        """Take account of an operation that nobody waits for any more.

        The server may still be at it: then its answer is waited for, lest it come at
        any time.
        """
        wire = entry.work.wire
        if entry in self._landed:
            self._landed.remove(entry)
        if entry.state is State.FLYING and wire is not None and wire.outstanding:
            entry.state = State.DRAINING
            self._changed = True
            return
        self._drop(entry)
        entry.state = State.OVER

    def called_off(self, backend: int) -> None:
        """Take account of the server's being told to give up a session's statement.

        It answers at once then, whatever the statement has waited for.
        """
        for one in self._flying:
            if one.state is State.DRAINING and one.backend == backend:
                one.called_off, one.waits = True, False

    def _drop(self, entry: Entry) -> None:
        if entry in self._flying:
            self._flying.remove(entry)
            self._changed = True

    def deliver(self) -> bool:
        """Deliver the answer that is first in a fixed order; False if there is none."""
        if not self._landed:
            return False
        entry = min(self._landed, key=lambda one: one.order)
        self._landed.remove(entry)
        entry.state = State.OVER
        if entry.landing is not None and not entry.landing.done():
            entry.landing.set_result(None)
        return True

    def settle(self) -> bool:
        """Wait for what is under way.

        Returns:
            Whether to look again: something was woken, or goes on. False once
            everything that was sent has been answered or waits for others.
        """
        for one in self._flying[:]:
            wire = one.work.wire
            if one.state is State.DRAINING and not (wire and wire.outstanding):
                self._drop(one)
                one.state = State.OVER
        going = [one for one in self._flying if not (one.waits or one.lent)]
        if not going and not (self._changed and self._flying):
            self._changed = False
            return False
        if going and self.listen(self._glance):
            self._glance = GLANCE
            return True
        self._glance = min(2 * self._glance, LONGEST_GLANCE)
        return self._look()

    def listen(self, timeout: float) -> bool:
        """Wait for the outside; return whether something came.

        Args:
            timeout: Real seconds to wait at most.
        """
        sources = self._loop.listen(timeout)
        self._outside.heard(sources, self._flying)
        return bool(sources)

    def _look(self) -> bool:
        """Find out who waits; return whether somebody goes on."""
        held = self._blocked()
        now = time.monotonic()
        for one in self._flying:
            locked = one.backend in held and not one.called_off
            one.waits = locked or self._stalls(one, now)
        if any(not (one.waits or one.lent) for one in self._flying):
            return True
        # What was seen of several sessions was not seen at one moment.
        if held and self._blocked() != held:
            return True
        self._changed = False
        return False

    def _blocked(self) -> dict[int, tuple[int, ...]]:
        backends = {one.backend for one in self._flying if one.backend}
        return self._locks.waiting(backends) if backends else {}

    def _stalls(self, entry: Entry, now: float) -> bool:
        if entry.held or entry.lent:
            return False
        wire, kind = entry.work.wire, entry.work.kind
        asked = kind == "connect" or (wire is not None and wire.outstanding)
        patience = SLOWEST if asked else STALL
        if now - entry.since < patience:
            return False
        if not entry.waits:
            self._outside.uncontrolled.append(
                f"{entry.actor}: {entry.work.kind} {entry.work.label} waits for "
                f"something else than its answer"
            )
        return True

    def locked_in_circle(self) -> bool:
        """Whether sessions wait for each other's locks, which Postgres will resolve."""
        held = self._blocked()
        for start in held:
            seen, at = {start}, held[start]
            while at:
                if start in at:
                    return True
                at = tuple(
                    more for pid in at if pid not in seen for more in held.get(pid, ())
                )
                seen.update(at)
                if len(seen) > len(held) + 1:
                    break
        return False
