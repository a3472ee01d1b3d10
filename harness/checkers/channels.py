"""Channels: through which of them something came that was supposed to."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from harness.checkers.sendings import Sending, sendings
from harness.checkers.who import is_tenant
from harness.model.canary import FIELD_BEACON, FIRST_PLANTED_FIELD
from harness.model.coverage import Gap
from harness.model.event import (
    ANSWERS,
    BeaconSent,
    BootCalls,
    Channel,
    Declared,
    Egress,
    Exchange,
    Heard,
    LogLine,
    Scrape,
)
from harness.model.step import Role
from harness.model.tenant import alias

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from harness.model.history import History
    from harness.model.scanner import Hit

AS_OWNER = frozenset({Role.CONTROL, Role.SEED})
BEACONED = (Channel.BODY, Channel.LOG)
"""Channels of any app, without which no exercise says much."""


def owners(history: History) -> set[int]:
    """Return the tenants that tried anything as owners."""
    return {
        e.principal.credential
        for e in history.of(Exchange)
        if e.role in AS_OWNER and e.principal.credential is not None
    }


def sightings(history: History) -> set[tuple[int, int]]:
    """Return which tenants saw which planted fields of theirs again.

    An answer that repeats its own request proves no more than that.
    """
    answered = {
        (found.hit.owner, found.hit.field)
        for exchange in history.of(Exchange)
        if exchange.principal.whole and exchange.succeeded
        for found in exchange.found
        if found.channel in ANSWERS
        and found.hit.owner == exchange.principal.credential
        and is_data(found.hit.field)
        and (found.hit.owner, found.hit.field) not in exchange.sent
    }
    heard = {(hit.owner, hit.field) for _, hit in _own_heard(history)}
    return answered | heard


def _own_heard(history: History) -> Iterator[tuple[Exchange, Hit]]:
    """Yield what listeners heard of their own data, and the listener's opening."""
    openings = {
        one.id: one
        for one in history.of(Exchange)
        if one.endless and one.principal.whole
    }
    for heard in history.of(Heard):
        opening = openings.get(heard.listener)
        if opening is not None:
            for hit in heard.hits:
                if hit.owner == opening.principal.credential and is_data(hit.field):
                    yield opening, hit


def watched_channels(history: History) -> Iterator[Channel]:
    """Yield the channels through which something came that was supposed to."""
    for exchange in history.of(Exchange):
        for found in exchange.found:
            own = found.hit.owner == exchange.principal.credential
            if own and (found.channel not in ANSWERS or is_data(found.hit.field)):
                yield found.channel
    yield from {opening.through for opening, _ in _own_heard(history)}
    if any(history.of(BeaconSent)) and not lost_beacons(history):
        yield Channel.LOG
    if _counts(list(history.of(Scrape))):
        yield Channel.METRIC
    if any(_carries_own(one) for one in sendings(history)):
        yield Channel.EGRESS


def unwatched(
    history: History, watched: Collection[Channel], required: Collection[Channel]
) -> Iterator[Gap]:
    """Yield body and log where nothing came through that was supposed to.

    Args:
        history: Says which beacons were lost.
        watched: Channels through which something came.
        required: Channels on which the verdict depends.
    """
    lost = lost_beacons(history)
    through = f" (through {', '.join(lost)})" if lost else ""
    reasons = {
        Channel.BODY: "no tenant saw a planted value of its own in an answer",
        Channel.LOG: f"the beacon sent to the app's log did not come out{through}",
    }
    for channel in BEACONED:
        if channel not in watched:
            floor = channel in required
            yield Gap(f"channel {channel}", reasons[channel], floor=floor)


def _counts(scrapes: list[Scrape]) -> bool:
    """Whether a page of metrics showed a tenant, or counted what was done."""
    return any(one.samples and one.series for one in scrapes) or any(
        after.boot == before.boot and after.counted > before.counted
        for before, after in pairwise(scrapes)
    )


def _carries_own(sending: Sending) -> bool:
    """Whether a request to the outside held what its own tenant had given the app."""
    owners = sending.receivers or {sending.sender}
    return any(
        found.where == "body" and found.hit.owner in owners for found in sending.data()
    )


def _offered(history: History) -> set[Channel]:
    """Return the channels that any app has, and those that this one offers."""
    always = {Channel.BODY, Channel.HEADER, Channel.ERROR, Channel.LOG}
    declared = {one.channel for one in history.of(Declared) if not one.skipped}
    answered = {one.through for one in history.of(Exchange) if one.succeeded}
    called = {
        Channel.EGRESS for e in history.events if isinstance(e, Egress | BootCalls)
    }
    return always | declared | answered | called


def is_data(field: int) -> bool:
    """Whether a field is one that a request put something into."""
    return field >= FIRST_PLANTED_FIELD


def lost_beacons(history: History) -> list[str]:
    """Return the sources of log lines from which a beacon did not come out."""
    arrived = Counter(
        hit.owner
        for line in history.of(LogLine)
        for hit in line.hits
        if hit.field == FIELD_BEACON and not is_tenant(hit.owner)
    )
    sent = Counter((one.owner, one.source) for one in history.of(BeaconSent))
    lost = {source for (owner, source), n in sent.items() if arrived[owner] < n}
    return sorted(lost)


def channel_gaps(
    history: History, watched: set[Channel], required: Collection[Channel]
) -> Iterator[Gap]:
    """Yield the channels, tenants and listeners to which nothing of theirs came."""
    reasons = {
        Channel.FILE: "no tenant saw a planted value of its own in a file",
        Channel.METRIC: "the page of metrics neither named a tenant nor counted",
        Channel.SOCKET: "no tenant heard a planted value of its own on a socket",
        Channel.STREAM: "no tenant heard a planted value of its own in a stream",
        Channel.EGRESS: (
            "no request that the app made held a value of its own tenant"
            if any(history.of(Egress))
            else "the app made no request to the run's model provider or sink"
        ),
    }
    absent = set(Channel) - _offered(history) - set(required)
    yield from unwatched(history, watched, required)
    for channel in Channel:
        if channel in watched or channel in absent or channel in BEACONED:
            continue
        reason = reasons.get(channel, "no value came out of it that was supposed to")
        yield Gap(f"channel {channel}", reason, floor=channel in required)
    yield from _blind_tenants(history, watched)
    yield from _deaf_listeners(history)
    if Channel.LOG in watched and not any(
        line.exchange for line in history.of(LogLine)
    ):
        reason = "the app itself logged nothing during any request"
        yield Gap("channel log", reason, floor=False)


def _deaf_listeners(history: History) -> Iterator[Gap]:
    """Yield what was listened to without a tenant ever hearing of its own."""
    opened = dict.fromkeys(
        (one.through, one.operation)
        for one in history.of(Exchange)
        if one.endless and one.principal.whole and one.succeeded
    )
    told = {(one.through, one.operation) for one, _ in _own_heard(history)}
    for through, operation in opened:
        if (through, operation) not in told:
            reason = "no tenant that listened heard a planted value of its own"
            yield Gap(f"{through} {operation}", reason, floor=False)


def _blind_tenants(history: History, watched: set[Channel]) -> Iterator[Gap]:
    if Channel.BODY not in watched:
        return
    sighted = {tenant for tenant, _ in sightings(history)}
    for tenant in sorted(owners(history) - sighted):
        reason = "never saw a planted value of its own again, after it wrote it"
        yield Gap(f"tenant {alias(tenant)}", reason, floor=True)
