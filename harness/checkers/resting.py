"""Resting: what nobody needs any more is closed by when the app rests.

A shutdown that closes everything hides what stays open until then: what belongs to a
tenant that was removed, or what a newer one has replaced. An app may keep such things
for a while on purpose. So what it keeps at rest where nobody interferes is its way, and
only more than that is found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from harness.checkers.generations import Again
from harness.checkers.processes import process_finding, short
from harness.checkers.replacing import replaced
from harness.checkers.schedules import Schedule
from harness.model.boot import Initialised
from harness.model.finding import Finding, merged
from harness.model.holdings import Holding, holdings
from harness.model.race import Ending, Keeps, Removed, Rested
from harness.model.tenant import alias

if TYPE_CHECKING:
    from harness.model.event import Event

_Held = Mapping[Holding, Sequence[Initialised]]


def resting(schedules: Sequence[Schedule], again: set[str]) -> list[Finding]:
    """Find what is open at rest, and only closed by the shutdown, though of no use.

    Args:
        schedules: The schedules.
        again: Initialisers that may have made several of a tenant's resources.
    """
    found: list[Finding] = []
    for schedule in schedules:
        found.extend(_in(schedule, again))
    return merged(found)


def _in(schedule: Schedule, again: set[str]) -> Iterator[Finding]:
    events = schedule.lived
    rested = next((at for at, one in events if isinstance(one, Rested)), None)
    if (
        rested is None
        or schedule.ended is None
        or schedule.ended.ending is not Ending.ENDED
    ):
        return
    before = [one for at, one in events if at < rested]
    # What is not closed by the shutdown either is found as that.
    unclosed = _runs(holdings(one for _, one in events))
    removed = {one.tenant for one in before if isinstance(one, Removed)}
    for (what, tenant, worker), held in holdings(before).items():
        place = what, tenant, worker
        due = [one for one in held if (what, worker, one.run) not in unclosed]
        if len(held) <= _kept_alone(before, place) or _disturbed(
            schedule, tenant, rested
        ):
            continue
        if tenant in removed:
            for one in due:
                yield _of_the_removed(schedule, one, rested)
        elif what not in again:
            newest = held[-1]
            for one in due:
                if one is not newest and _was_replaced(schedule, one, newest):
                    yield _of_an_older(schedule, one, newest, rested)


def _runs(held: _Held) -> set[tuple[str, int, int]]:
    return {(one.what, one.worker, one.run) for calls in held.values() for one in calls}


def _kept_alone(events: Sequence[Event], place: Holding) -> int:
    """Return how many a process keeps where nobody interferes."""
    told = (
        one.count
        for one in events
        if isinstance(one, Keeps) and (one.what, one.tenant, one.worker) == place
    )
    return next(told, 0)


def _disturbed(schedule: Schedule, tenant: int, rested: int) -> bool:
    """Whether something that still fails or hangs may keep something open."""
    return any(
        not fault.leaves and fault.concerns(tenant) and fault.over > rested
        for fault in schedule.faults
    )


def _was_replaced(schedule: Schedule, old: Initialised, new: Initialised) -> bool:
    """Whether the newer one was asked for; else both are there by a bug of its own."""
    assert old.tenant is not None  # noqa: S101 - for mypy: holdings have one
    key = (old.boot, old.worker, old.what, old.tenant)
    return replaced(schedule, Again(key, old, new, proven=True))


def _of_the_removed(schedule: Schedule, one: Initialised, rested: int) -> Finding:
    whose = alias(one.tenant)
    return process_finding(
        one.what,
        "kept after removal",
        f"{whose} was removed, and its resource of {short(one.what)} stayed open until "
        f"the app was stopped, though it is closed if nobody interferes "
        f"({schedule.name})",
        f"{whose}: call {one.run} was through at {one.at:.3f} s, and its resource was "
        f"open at event {rested}, when nobody asked for anything any more",
        owner=one.tenant,
    )


def _of_an_older(
    schedule: Schedule, one: Initialised, newest: Initialised, rested: int
) -> Finding:
    whose = alias(one.tenant)
    return process_finding(
        one.what,
        "kept after its replacement",
        f"{whose}'s resource of {short(one.what)} stayed open until the app was "
        f"stopped, though another had replaced it ({schedule.name})",
        f"{whose}: call {one.run} was through at {one.at:.3f} s and call {newest.run} "
        f"at {newest.at:.3f} s; both were open at event {rested}, when nobody asked "
        "for anything any more",
        owner=one.tenant,
    )
