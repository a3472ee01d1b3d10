"""Label: a log line of a request carries no tenant, or the wrong one.

Only loggers count that the target names, or that labelled some line: there is a
structured key whose value named the request's own tenant. A line of such a
logger must then hold its tenant, unless the tenant may not have been known:
a line without the key, before any labelled one of its request, of a kind that is
never labelled, is let pass; so are a login, which may be what tells the tenant,
and operations in whose requests no line is ever labelled (an account's own page).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from harness.model.event import Audience, Channel, Exchange, LogLine
from harness.model.finding import Evidence, Finding, Severity, merged
from harness.model.race import ActorCame
from harness.model.step import Role
from harness.model.tenant import alias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.model.history import History

Lines = list[tuple[LogLine, Exchange]]
UNAUTHENTICATED: Final = 401
FAILED: Final = 500


def label(history: History) -> list[Finding]:
    """Find each log line of a tenant's request that does not name the tenant."""
    lines = _lines_of_tenants(history)
    keys = _label_keys(lines)
    named = {
        (line.logger, line.template, exchange.operation)
        for line, exchange in lines
        if exchange.principal.credential in _named(line, keys[line.logger])
    }
    of_tenants = {
        exchange.operation
        for line, exchange in lines
        if exchange.principal.credential in _named(line, keys[line.logger])
    }
    labelled: set[int] = set()
    scheduled = {came.exchange for came in history.of(ActorCame)}
    found = []
    for line, exchange in lines:
        judged = keys[line.logger]
        by_target = line.logger in history.labelled_loggers
        if not judged and not by_target:
            continue
        own = exchange.principal.credential
        named_here = _named(line, judged)
        others = sorted(named_here - {own})
        if others:
            found.append(_finding(line, exchange, wrong=others[0]))
        elif named_here or own in line.names:
            labelled.add(exchange.id)
        elif exchange.id in scheduled and _failed(exchange, labelled):
            # A schedule may have what tells the tenant fail.
            continue
        elif _surely_known(exchange) and (
            by_target
            or exchange.id in labelled
            or (line.logger, line.template, exchange.operation) in named
            or (
                exchange.operation in of_tenants
                and any(key in judged for key, _ in line.slots)
            )
        ):
            found.append(_finding(line, exchange, wrong=None))
    return merged(found)


def _lines_of_tenants(history: History) -> Lines:
    """Return the log lines of requests that clearly belong to one tenant."""
    exchanges = history.exchanges()
    lines = []
    for line in history.of(LogLine):
        exchange = exchanges.get(line.exchange)
        if exchange is None or exchange.audience is not Audience.TENANT:
            continue
        if exchange.principal.whole:
            lines.append((line, exchange))
    return lines


def _label_keys(lines: Lines) -> Mapping[str, set[str]]:
    """Return, per logger, the keys that named the request's own tenant once."""
    keys: dict[str, set[str]] = defaultdict(set)
    for line, exchange in lines:
        own = exchange.principal.credential
        keys[line.logger] |= {key for key, tenant in line.slots if tenant == own}
    return keys


def _named(line: LogLine, keys: set[str]) -> set[int]:
    """Return the tenants that a line's labels name: one, if all is well."""
    return {t for key, t in line.slots if key in keys and t is not None}


def _surely_known(exchange: Exchange) -> bool:
    """Whether the app could tell the tenant: its credential was sent and taken."""
    return exchange.role is not Role.LOGIN and exchange.status != UNAUTHENTICATED


def _failed(exchange: Exchange, labelled: set[int]) -> bool:
    """Whether a request failed before any line of it named its tenant."""
    failed = not exchange.status or exchange.status >= FAILED
    return failed and exchange.id not in labelled


def _finding(line: LogLine, exchange: Exchange, *, wrong: int | None) -> Finding:
    own = alias(exchange.principal.credential)
    says = "names no tenant" if wrong is None else f"names {alias(wrong)} instead"
    return Finding(
        oracle="label",
        severity=Severity.MINOR if wrong is None else Severity.MAJOR,
        channel=Channel.LOG,
        operation=f"log {line.logger}",
        owner=wrong,
        receiver=exchange.principal.credential,
        what="tenant label",
        shape="missing" if wrong is None else "wrong",
        summary=f"A line of {line.logger} for {own}'s {exchange.operation} {says}",
        evidence=(Evidence(exchange.id, f"{line.level} {line.template}".strip()),),
    )
