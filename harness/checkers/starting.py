"""Coverage of starts: what a history shows to have been watched, and what not."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.checkers.channels import unwatched, watched_channels
from harness.checkers.generations import made_again
from harness.model.boot import (
    Arrival,
    Boot,
    Initialised,
    Phase,
    Reached,
    Stage,
    Watching,
)
from harness.model.coverage import Coverage, Gap
from harness.model.event import Channel, Unseen
from harness.model.tenant import alias

if TYPE_CHECKING:
    from harness.model.history import History

MOST_NAMES = 5


def coverage_of_starts(
    history: History, *, channels: Collection[Channel] = (Channel.BODY, Channel.LOG)
) -> Coverage:
    """Work out what the starts of a history cover.

    Covered is each way of starting of which a start served every tenant. An
    initialiser that tenants have to wait for and that was never seen to be called
    for a tenant that was served is a gap of the floor: its import string, or what it
    says of the tenant, is wrong. So is a start whose end was not seen: what it left
    open is not known.

    Args:
        history: What happened.
        channels: Those of body and log that must be watched for a verdict.
    """
    since = _since_the_first_start(history)
    watched = set(watched_channels(since))
    gaps = [
        *_initialiser_gaps(history),
        *_again_gaps(history),
        *_ends_gaps(history),
        *unwatched(since, watched, channels),
        *(Gap(one.step, one.reason, floor=True) for one in since.of(Unseen)),
    ]
    return Coverage(
        covered=tuple(dict.fromkeys(_covered(history))),
        operations_required=0,
        operations_known=0,
        fields_seen=0,
        fields_planted=0,
        channels=tuple(one for one in Channel if one in watched),
        probes=0,
        gaps=tuple(sorted(dict.fromkeys(gaps), key=lambda gap: not gap.floor)),
    )


def _covered(history: History) -> Iterator[str]:
    served: dict[int, int] = {}
    for arrival in history.of(Arrival):
        if not arrival.failure:
            served[arrival.boot] = served.get(arrival.boot, 0) + 1
    for boot in history.of(Boot):
        if served.get(boot.number, 0) >= boot.tenants:
            yield f"{boot.strategy}, {boot.tenants} tenants"


def _initialiser_gaps(history: History) -> Iterator[Gap]:
    watching = list(dict.fromkeys(history.of(Watching)))
    if not watching:
        reason = "the target names none: whether each ran once is not judged"
        yield Gap("initialisers", reason, floor=False)
    seen: dict[str, set[tuple[int, int]]] = {one.what: set() for one in watching}
    nobodys: dict[str, str] = {}
    for call in history.of(Initialised):
        if call.stage is Stage.READY and call.tenant is not None:
            seen.setdefault(call.what, set()).add((call.boot, call.tenant))
        elif call.stage is Stage.READY:
            nobodys.setdefault(call.what, call.key)
    served = {(a.boot, a.tenant) for a in history.of(Arrival) if not a.failure}
    for one in watching:
        missing = served - seen[one.what]
        if not seen[one.what]:
            reason = "was never seen to be called for a tenant"
            if one.what in nobodys:
                reason += f"; what it says of it, {nobodys[one.what]!r}, names none"
            yield Gap(f"initialiser {one.what}", reason, floor=one.awaited)
        elif one.awaited and missing:
            names = sorted({alias(tenant) for _, tenant in missing})
            reason = f"was not seen to be called for {_listed(names)}, who were served"
            yield Gap(f"initialiser {one.what}", reason, floor=True)


def _again_gaps(history: History) -> Iterator[Gap]:
    names: dict[str, set[str]] = {}
    for again in made_again(history):
        _, _, what, tenant = again.key
        if not again.proven:
            names.setdefault(what, set()).add(alias(tenant))
    for what, whose in names.items():
        reason = (
            f"was called again for {_listed(sorted(whose))}; whether the first "
            f"resource had been closed cannot be told: name what closes it (closed_by)"
        )
        yield Gap(f"initialiser {what}", reason, floor=False)


def _ends_gaps(history: History) -> Iterator[Gap]:
    ended: dict[int, set[int]] = {}
    for one in history.of(Reached):
        if one.phase is Phase.STOPPED:
            ended.setdefault(one.boot, set()).add(one.worker)
    for boot in history.of(Boot):
        missing = boot.workers - len(ended.get(boot.number, ()))
        if missing > 0:
            reason = (
                f"{missing} of {boot.workers} processes did not come through it "
                f"(strategy {boot.strategy}, {boot.tenants} tenants, trial "
                f"{boot.trial}): what was left open is not known"
            )
            yield Gap("shutdown", reason, floor=True)


def _since_the_first_start(history: History) -> History:
    """Leave out how the world was made: it may as well be taken from a snapshot."""
    events = history.events
    first = next((n for n, one in enumerate(events) if isinstance(one, Boot)), None)
    return replace(history, events=() if first is None else events[first:])


def _listed(names: list[str]) -> str:
    rest = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "")
