"""Whether a tenant's resource was made again while the one before it was open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from harness.model.boot import Connected, Initialised, Stage
from harness.model.holdings import follow

if TYPE_CHECKING:
    from harness.model.history import History

Key = tuple[int, int, str, int]
"""Boot, worker, initialiser and tenant."""


@dataclass(frozen=True, slots=True)
class Again:
    """A resource that was made again, and not seen to be closed in between.

    Attributes:
        key: Where, by what and for whom.
        before: When the first was ready.
        after: When the second was.
        proven: Whether the first was open; else nobody can tell.
    """

    key: Key
    before: Initialised
    after: Initialised
    proven: bool


class _Fate(Enum):
    OPEN = auto()
    CLOSED = auto()
    UNTOLD = auto()


def calls_of(history: History) -> Mapping[Key, list[Initialised]]:
    """Return what is told of each initialiser for each tenant, in order."""
    calls: dict[Key, list[Initialised]] = defaultdict(list)
    for one in history.of(Initialised):
        if one.tenant is not None:
            calls[one.boot, one.worker, one.what, one.tenant].append(one)
    for told in calls.values():
        # Pipes of several processes are read one after the other.
        told.sort(key=lambda one: one.at)
    return calls


def made_again(history: History) -> Iterator[Again]:
    """Find resources that were ready twice, the first of them open or untold.

    A plain function's resource is not seen to be closed: what tells it are the
    connections that were opened while it was made. Only a call that began before
    another was through needs no such proof.
    """
    connections: dict[tuple[int, int, int | None], list[Connected]] = defaultdict(list)
    for event in history.of(Connected):
        connections[event.boot, event.worker, event.tenant].append(event)
    closings = [one for one in history.of(Connected) if not one.open]
    closed = {(one.boot, one.worker, one.backend): one.at for one in closings}
    for key, told in calls_of(history).items():
        number, worker, _, tenant = key
        opened = [one for one in connections[number, worker, tenant] if one.open]
        begun = {one.run: one.at for one in told if one.stage is Stage.BEGUN}
        open_runs: dict[int, Initialised] = {}
        for one in told:
            earlier = list(open_runs.values()) if one.stage is Stage.READY else []
            for before in earlier:
                fate = _fate(before, one, begun, opened, closed)
                if fate is not _Fate.CLOSED:
                    yield Again(key, before, one, fate is _Fate.OPEN)
                if fate is _Fate.OPEN:
                    break
                del open_runs[before.run]
            # What is being closed is nobody's any more, however long it takes.
            follow(open_runs, one, ends=(Stage.CLOSING, Stage.CLOSED))


def _fate(
    before: Initialised,
    after: Initialised,
    begun: Mapping[int, float],
    opened: Sequence[Connected],
    closed: Mapping[tuple[int, int, int], float],
) -> _Fate:
    """Return what had become of a resource when another was ready."""
    since = begun.get(before.run, before.at)
    own = [one for one in opened if since <= one.at <= before.at]
    over = [
        closed.get((one.boot, one.worker, one.backend), after.at) < after.at
        for one in own
    ]
    if own and all(over):
        return _Fate.CLOSED
    overlap = begun.get(after.run, after.at) < before.at
    if before.closes or overlap or (own and not any(over)):
        return _Fate.OPEN
    return _Fate.UNTOLD
