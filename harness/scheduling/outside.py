"""What comes from outside without an operation behind it: it is not under control."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Final, final

from harness.scheduling.waits import actor_of, call_of

if TYPE_CHECKING:
    from harness.scheduling.entry import Entry
    from harness.scheduling.loop import GatedLoop

# Operations which open or close connections, by which these are not known.
_OPENS: Final = frozenset({"connect", "cancel", "close"})
# What the loop has called when a thread has something for it.
_FROM_THREADS: Final = "_read_from_self"


@final
class Outside:
    """Keeps account of wake-ups that no operation explains.

    What no tap stands before works all the same, but when it goes on is luck.

    Args:
        loop: Which is woken.

    Attributes:
        uncontrolled: One line for each, with who waited and in which call.
    """

    def __init__(self, loop: GatedLoop) -> None:
        self.uncontrolled: list[str] = []
        self._loop = loop
        self._came: set[str] = set()
        self._before = set(threading.enumerate())

    def heard(self, sources: Iterable[object], flying: Collection[Entry]) -> None:
        """Take account of what the loop was woken by.

        Args:
            sources: What is called back.
            flying: The operations whose answers may be what came.
        """
        kinds = {one.work.kind for one in flying if one.work.wire is None}
        for source in sources:
            if isinstance(source, asyncio.BaseTransport):
                explained = not kinds.isdisjoint(_OPENS) or _answers(source, flying)
            else:
                explained = bool(kinds)
            if not explained:
                self._came.add(_described(source))

    def note_who_waited(self) -> None:
        """Tell who goes on because of what came."""
        if not self._came:
            return
        woken = list(self._loop.woken())
        for task in woken:
            what = ", ".join(sorted(self._came))
            self.uncontrolled.append(
                f"{actor_of(task)}: {call_of(task)} was woken from outside ({what})"
            )
        if woken:
            self._came.clear()

    def rest(self) -> None:
        """Take account of that nothing can run: what came has woken nobody."""
        self._came.clear()

    @property
    def may_come(self) -> bool:
        """Whether something is open that no tap stands before."""
        return any(_is_foreign(one) for one in self._loop.watched()) or any(
            getattr(one, "harness_of_app", False)
            and not _is_pooled(one)
            and one not in self._before
            for one in threading.enumerate()
        )


def _is_foreign(source: object) -> bool:
    protocol = getattr(source, "_protocol", None)
    gated = getattr(protocol, "harness_gated", False)
    return not gated or getattr(protocol, "harness_listens", False)


def _is_pooled(thread: threading.Thread) -> bool:
    """Whether it waits for jobs, which are operations."""
    if type(thread).__module__.startswith("anyio."):
        return True
    target = getattr(thread, "_target", None)
    return getattr(target, "__module__", "") == "concurrent.futures.thread"


def _answers(source: object, flying: Collection[Entry]) -> bool:
    """Whether what came over a connection may be the answer to an operation."""
    protocol = getattr(source, "_protocol", None)
    if not getattr(protocol, "harness_gated", False):
        return False
    wire = getattr(protocol, "harness_wire", None)
    if wire is None or wire.outstanding:
        return True
    return any(one.work.wire is wire for one in flying)


def _described(source: object) -> str:
    protocol = getattr(source, "_protocol", None)
    if protocol is not None:
        return type(protocol).__name__
    name = getattr(source, "__name__", "")
    return "a thread" if name == _FROM_THREADS else "a socket"
