"""Points at which a schedule may decide, in apps and in taps; imports nothing else.

An app can say so itself where it suspends::

    from harness.point import point

    await point("flags loaded")

Where no schedule is explored this returns at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

T = TypeVar("T")

GIVE_UP: Final = "cancel"
"""Kind of the work that asks a server to give up a statement: never part of that."""

STEP: Final = "step"
"""Kind of work that waits for nothing outside: a task only lets others go first."""


class Wire(Protocol):
    """The connection that a piece of work goes over, as far as it can be tampered with.

    What `hold` and `spoil` ask for holds for what is sent next.
    """

    @property
    def backend(self) -> int:
        """Process id of the server's end."""
        ...

    @property
    def outstanding(self) -> bool:
        """Whether something was sent that is not answered."""
        ...

    def hold(self) -> None:
        """Leave what comes unread from now on."""
        ...

    def resume(self) -> None:
        """Read on."""
        ...

    def answered(self) -> bool:
        """Whether the whole answer has come, and lies there unread."""
        ...

    def spoil(self, sqlstate: str) -> None:
        """Have the server answer what is sent next with an error of its own."""
        ...

    def cut(self) -> None:
        """Lose the connection."""
        ...


@dataclass(frozen=True, slots=True)
class Work(Generic[T]):
    """Something that certainly suspends whoever awaits it, until the outside answers.

    Attributes:
        kind: What sort of work: ``query``, ``connect``, ``http``, ``thread``, …
        label: For people.
        call: Does it.
        wire: What it goes over; None if nobody can tamper with that.
        failure: Makes the error that it ends with if it fails without an answer; None
            if it cannot.
        discard: Gives back what it returned, if whoever awaited it was cancelled when
            that was there; None if nothing has to be.
        parks: Whether it can be made to wait for its turn. If not, it goes ahead, and
            only its end is waited for.
        cancels: Process id of the server's end whose statement it cancels; 0 if none.
    """

    kind: str
    label: str
    call: Callable[[], Awaitable[T]]
    wire: Wire | None = None
    failure: Callable[[], Exception] | None = None
    discard: Callable[[T], None] | None = None
    parks: bool = True
    cancels: int = 0


class Gate(Protocol):
    """Decides when each piece of work goes ahead; one event loop's."""

    async def perform(self, work: Work[T]) -> T:
        """Do a piece of work in its turn."""
        ...

    def lend(self, work: Coroutine[Any, Any, T]) -> Coroutine[Any, Any, T]:
        """Return what the loop is to run for the thread that this is called on.

        What runs in that thread is not waited for until it is done.
        """
        ...


def running_gate() -> Gate | None:
    """Return the gate of the running event loop; None if it has none."""
    try:
        loop: Any = asyncio.get_running_loop()
    except RuntimeError:
        return None
    gate: Gate | None = getattr(loop, "harness_gate", None)
    return gate


async def point(name: str) -> None:
    """Let others go first, if the schedule that is being explored says so.

    Put it where the code suspends in production but not under test, such as around
    an in-memory double of something remote.

    Args:
        name: Shown in the diagram of a finding.
    """
    gate = running_gate()
    if gate is not None:
        await gate.perform(Work("point", name, _nothing))


async def _nothing() -> None:
    """Do nothing."""
