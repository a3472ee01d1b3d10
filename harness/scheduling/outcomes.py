"""What can happen next: which operation goes ahead, or what becomes of it instead."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final, TypeAlias

from harness.point import STEP
from harness.scheduling.actors import Actor
from harness.scheduling.choice import Operation
from harness.scheduling.entry import Entry
from harness.scheduling.leaving import Reach, reach_of

GOES: Final = ""
BEFORE: Final = "cancel before"
"""The actor is cancelled before the operation is sent."""
SENT: Final = "cancel sent"
"""It is cancelled when the server has done it, and before the answer is read."""
UNDONE: Final = "cancel undone"
"""The same, and the server had not done it yet: it is rolled back."""
AFTER: Final = "cancel after"
"""It is cancelled when the answer was read, and before it is delivered."""
DISCONNECT: Final = "disconnect"
"""The app is told that the client has gone; nobody is cancelled."""
RAISE: Final = "raise"
"""It fails."""
CUT: Final = "cut off"
"""It is done, and the connection is lost before the answer."""
HANG: Final = "hang"
"""It is not answered for as long as anything else goes on."""

LEAVES: Final = frozenset({BEFORE, SENT, UNDONE, AFTER})
CANCELLED_STATE: Final = "57014"
FAILED_STATE: Final = "XX000"
_AT_ONCE_DONE: Final = frozenset({"arrive", "point", "sleep", STEP})


Option: TypeAlias = tuple[Operation, Entry | None]
"""What could happen next, and to which operation; None for the clock."""


def options_of(
    parked: Iterable[Entry],
    *,
    clock: Operation | None,
    others: Callable[[Entry], Iterable[str]],
) -> list[Option]:
    """Return what could happen next, the first-come-first-served pick first.

    Args:
        parked: Operations that wait for their turn.
        clock: That time passes, if it may; it never does where nothing else can happen.
        others: Tells what else could become of an operation.
    """
    entries = sorted(parked, key=lambda one: one.came)
    options: list[Option] = [(entry.option(), entry) for entry in entries]
    if options and clock is not None:
        options.append((clock, None))
    for entry in sorted(entries, key=lambda one: one.order):
        options.extend((entry.option(outcome), entry) for outcome in others(entry))
    return options


def endings_of(actor: Actor) -> Iterator[str]:
    """Yield how an actor may go away that is not amid an operation."""
    if not actor.left:
        if actor.leave is not None:
            yield BEFORE
        if actor.disconnect is not None:
            yield DISCONNECT


def outcomes_of(
    entry: Entry, actor: Actor | None, *, fails: Collection[str]
) -> Iterator[str]:
    """Yield what else could become of a parked operation.

    Args:
        entry: The operation.
        actor: Whose it is, if anything is known of that one.
        fails: How it may fail.
    """
    tampered = entry.work.wire is not None
    if tampered or entry.work.failure is not None:
        for outcome in (RAISE, CUT, HANG):
            if outcome in fails and (tampered or outcome != CUT):
                yield outcome
    if actor is None:
        return
    if actor.leave is not None and not actor.left:
        yield BEFORE
        reach = reach_of(entry.task, actor.task)
        if reach is Reach.AT_ONCE and entry.work.kind not in _AT_ONCE_DONE:
            yield AFTER
        if tampered and reach is not Reach.NEVER:
            yield SENT
            yield UNDONE
    if actor.disconnect is not None and not actor.left:
        yield DISCONNECT
