"""What the stub is told to do instead of answering."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, replace
from typing import Final, final

ALL: Final = ""
"""Stands for every key."""
ERRORS: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""Status codes and what the provider calls them."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Answer with an error.

    Attributes:
        status: HTTP status.
        retry_after: Seconds that the answer asks to wait; None to say nothing.
        final: Whether the answer tells the SDK not to try again.
    """

    status: int
    retry_after: float | None = None
    final: bool = False


@dataclass(frozen=True, slots=True)
class Hang:
    """Do not answer until the client gives up, or the fault is cleared.

    Attributes:
        after: Events of a stream that are sent before; 0 for not even the head.
    """

    after: int = 0


Fault = Refusal | Hang


@dataclass(frozen=True, slots=True)
class _Scripted:
    fault: Fault
    times: int | None


@final
class Control:
    """Scripts faults, per key or for all; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scripted: dict[str, list[_Scripted]] = {}
        self._waiting: dict[asyncio.Event, tuple[str, asyncio.AbstractEventLoop]] = {}

    def refuse(
        self,
        status: int,
        *,
        key: str = ALL,
        times: int | None = None,
        retry_after: float | None = None,
        final: bool = False,
    ) -> None:
        """Answer calls with an error such as 429 or 529.

        Args:
            status: HTTP status.
            key: Whose calls; all by default.
            times: How many of them; until `clear` by default.
            retry_after: Seconds that the answers ask to wait.
            final: Whether they tell the SDK not to try again.
        """
        self._script(key, _Scripted(Refusal(status, retry_after, final), times))

    def hang(self, *, key: str = ALL, times: int | None = None, after: int = 0) -> None:
        """Leave calls without an answer.

        Args:
            key: Whose calls; all by default.
            times: How many of them; until `clear` by default.
            after: Events of a stream that are sent before it stalls.
        """
        self._script(key, _Scripted(Hang(after), times))

    def clear(self, *, key: str | None = None) -> None:
        """Answer again as usual, also the calls that hang.

        Args:
            key: Whose faults to forget; all faults of all keys by default.
        """
        with self._lock:
            for one in [key] if key is not None else list(self._scripted):
                self._scripted.pop(one, None)
            for event, (whose, loop) in self._waiting.items():
                if key in {None, ALL, whose}:
                    loop.call_soon_threadsafe(event.set)

    def next_fault(self, key: str) -> Fault | None:
        """Take the fault that the next call of a key meets; None for none."""
        with self._lock:
            for name in dict.fromkeys((key, ALL)):
                queue = self._scripted.get(name, [])
                if not queue:
                    continue
                first = queue[0]
                if first.times is None:
                    return first.fault
                if first.times > 1:
                    queue[0] = replace(first, times=first.times - 1)
                else:
                    queue.pop(0)
                return first.fault
        return None

    async def released(self, key: str) -> None:
        """Return when a call that hangs is to be answered after all."""
        event = asyncio.Event()
        with self._lock:
            self._waiting[event] = (key, asyncio.get_running_loop())
        try:
            await event.wait()
        finally:
            with self._lock:
                del self._waiting[event]

    def _script(self, key: str, scripted: _Scripted) -> None:
        if scripted.times is not None and scripted.times < 1:
            return
        with self._lock:
            self._scripted.setdefault(key, []).append(scripted)
