"""Canary: a tenant's token comes out where another tenant, or anybody, can see it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.checkers.who import (
    CERTAIN,
    CHANCE,
    is_tenant,
    may_see,
    overheard,
    severity,
    shape,
    written_so_far,
)
from harness.model.event import Audience, Channel, Exchange, LogLine
from harness.model.finding import Evidence, Finding, Severity, merged
from harness.model.step import Role
from harness.model.tenant import alias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.model.event import Found
    from harness.model.history import History
    from harness.model.scanner import Hit


def canary(history: History) -> list[Finding]:
    """Find each canary that came out where it must not."""
    found = [*_in_answers(history), *_heard(history), *_in_logs(history)]
    return merged(found)


def _in_answers(history: History) -> Iterator[Finding]:
    written = written_so_far(history)
    for exchange in history.of(Exchange):
        own = written.get(exchange.id, frozenset())
        for found in exchange.found:
            if not may_see(history, exchange, found.hit, own):
                metric = found.channel is Channel.METRIC
                leak = _leak(history, exchange, found)
                yield _shown_by_metric(history, leak, found) if metric else leak


def _leak(history: History, exchange: Exchange, found: Found) -> Finding:
    hit = found.hit
    receiver = exchange.principal.credential
    place = f"{found.channel} {found.where}".rstrip()
    what = history.label(hit.field)
    summary = (
        f"{alias(hit.owner)}'s {what} came out in the {place} of "
        f"{exchange.operation} ({exchange.status}), asked by {exchange.principal}"
    )
    return Finding(
        oracle="canary",
        severity=_severity(history, exchange, hit),
        channel=found.channel,
        operation=exchange.operation,
        owner=hit.owner,
        receiver=receiver,
        what=what,
        shape=shape(exchange.principal),
        summary=summary,
        evidence=(Evidence(exchange.id, _shown(exchange.request, hit)),),
    )


def _shown_by_metric(history: History, leak: Finding, found: Found) -> Finding:
    """Return what a page of metrics shows too much as a finding of that metric."""
    summary = (
        f"{alias(found.hit.owner)}'s {history.label(found.hit.field)} is shown by the "
        f"metric {found.where}; metrics may carry tenants' names, but not their data"
    )
    operation = f"metric {found.where}"
    return replace(leak, operation=operation, shape="metrics", summary=summary)


def _heard(history: History) -> Iterator[Finding]:
    """Find what came over a listener that its owner must not hear."""
    exchanges = history.exchanges()
    for heard, opening, own in overheard(history):
        cause = exchanges.get(heard.during, opening)
        for hit in heard.hits:
            if not may_see(history, opening, hit, own):
                yield _leaked_to_listener(history, opening, cause, hit)


def _leaked_to_listener(
    history: History, opening: Exchange, cause: Exchange, hit: Hit
) -> Finding:
    what = history.label(hit.field)
    after = f" after {cause.operation} by {cause.principal}" if cause != opening else ""
    summary = (
        f"{alias(hit.owner)}'s {what} came out on the {opening.through} "
        f"{opening.operation}, listened to by {opening.principal}{after}"
    )
    return Finding(
        oracle="canary",
        severity=_severity(history, opening, hit),
        channel=opening.through,
        operation=opening.operation,
        owner=hit.owner,
        receiver=opening.principal.credential,
        what=what,
        shape=shape(opening.principal),
        summary=summary,
        evidence=(Evidence(cause.id, _shown(cause.request, hit)),),
    )


def _severity(history: History, exchange: Exchange, hit: Hit) -> Severity:
    by_operator = exchange.role is Role.PROVISION
    if by_operator and exchange.audience is Audience.OPERATOR:
        return Severity.MINOR  # what a log that shows too much is, too
    return Severity.MAJOR if history.names_tenant(hit.field) else severity(hit)


def _shown(request: str, hit: Hit) -> str:
    chance = "" if hit.rate <= CERTAIN else f", by chance once in {1 / hit.rate:,.0f}"
    return f"{request} → {hit.excerpt} ({hit.form}{chance})"


def _in_logs(history: History) -> Iterator[Finding]:
    exchanges = history.exchanges()
    for line in history.of(LogLine):
        exchange = exchanges.get(line.exchange)
        if line.exchange and exchange is None:
            continue  # of a request that another part of the history tells of
        for hit in line.hits:
            if not is_tenant(hit.owner) or hit.rate > CHANCE:
                continue
            if history.for_operators(hit.field):
                continue
            what = (hit.owner, hit.field)
            if exchange is None or what not in exchange.sent_in_url:
                yield _logged(history, line, exchange, hit)


def _logged(
    history: History, line: LogLine, exchange: Exchange | None, hit: Hit
) -> Finding:
    credential = exchange.principal.credential if exchange else None
    foreign = exchange is not None and hit.owner != credential
    foreign = foreign and (hit.owner, hit.field) not in (
        exchange.sent if exchange else ()
    )
    during = f"during {exchange.operation} by {exchange.principal}" if exchange else ""
    what = history.label(hit.field)
    summary = (
        f"{alias(hit.owner)}'s {what} was logged by {line.logger} {during}".rstrip()
        + "; logs may carry tenants' names, but not their data"
    )
    return Finding(
        oracle="canary",
        severity=Severity.MAJOR if foreign else Severity.MINOR,
        channel=Channel.LOG,
        operation=f"log {line.logger}",
        owner=hit.owner,
        receiver=None,
        what=what,
        shape="another tenant" if foreign else "own data",
        summary=summary,
        evidence=(Evidence(line.exchange, f"{line.level} {hit.excerpt}".strip()),),
    )
