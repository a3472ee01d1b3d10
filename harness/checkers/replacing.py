"""Whether a resource that was made again replaced the one before, as a reload does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.checkers.schedules import NEVER, Request, may_change
from harness.model.boot import Connected, Initialised, Stage

if TYPE_CHECKING:
    from harness.checkers.generations import Again
    from harness.checkers.schedules import Schedule


def replaced(schedule: Schedule, again: Again) -> bool:
    """Whether the second is another generation: it was asked for, and the first ended.

    A reload opens the new resource before it closes the old one, so that nobody waits.
    It begins when the old one is ready, while somebody changes something of the
    tenant's, and each of the two is closed in the end. Two first uses that meet are
    something else: nobody had asked for another generation.
    """
    *_, tenant = again.key
    begun = _position(schedule, again.after, Stage.BEGUN)
    if begun < _position(schedule, again.before, Stage.READY):
        return False
    asked = any(_asks(one, tenant, begun) for one in schedule.requests)
    return asked and _closed(schedule, again)


def _asks(request: Request, tenant: int, at: int) -> bool:
    """Whether a request may have asked for another generation by then."""
    concerns = request.tenant in {None, tenant}
    return concerns and may_change(request) and request.began < at


def _position(schedule: Schedule, call: Initialised, stage: Stage) -> int:
    return next(
        (
            at
            for at, one in schedule.events
            if isinstance(one, Initialised)
            and (one.what, one.worker, one.run) == (call.what, call.worker, call.run)
            and one.stage is stage
        ),
        NEVER,
    )


def _closed(schedule: Schedule, again: Again) -> bool:
    """Whether the first was closed: it, or both of them, or all its connections."""
    first = again.before
    calls = [
        one
        for _, one in schedule.lived
        if isinstance(one, Initialised)
        and one.stage is Stage.CLOSED
        and (one.what, one.tenant, one.worker)
        == (first.what, first.tenant, first.worker)
    ]
    if any(one.run == first.run for one in calls):
        return True
    # These are of one tenant's resource, and nobody can tell of which.
    if sum(not one.run for one in calls) > 1:
        return True
    began = _position(schedule, first, Stage.BEGUN)
    ready = _position(schedule, first, Stage.READY)
    told = [(at, one) for at, one in schedule.events if isinstance(one, Connected)]
    opened = {
        (one.worker, one.backend)
        for at, one in told
        if one.open
        and (one.tenant, one.worker) == (first.tenant, first.worker)
        and began <= at <= ready
    }
    closed = {(one.worker, one.backend) for _, one in told if not one.open}
    return bool(opened) and opened <= closed
