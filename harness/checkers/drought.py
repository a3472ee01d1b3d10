"""Drought: while one tenant's key at the provider is used up, others are served.

The exercise uses the key up on purpose. Whoever then fails, or is answered with
nothing of its own, unlike before, depends on a key, or on what is known of a key, that
is not its own. That something else failed just then is excluded by making the same
steps again, with a key used up that nobody uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.checkers.who import CHANCE
from harness.model.event import ANSWERS, Audience, Channel, Exchange
from harness.model.finding import Evidence, Finding, Severity, merged
from harness.model.step import Role
from harness.model.tenant import alias

if TYPE_CHECKING:
    from harness.model.history import History

Fields = frozenset[int]


def drought(history: History) -> list[Finding]:
    """Find tenants who are not served when the key of another one is used up."""
    usual: dict[tuple[str, int], Fields] = {}
    found: list[Finding] = []
    for exchange in history.of(Exchange):
        tenant = exchange.principal.credential
        if tenant is None or not _is_its_own(exchange):
            continue
        name = (exchange.operation, tenant)
        if exchange.starved is None:
            if exchange.role is Role.CONTROL and exchange.succeeded:
                own = _own(exchange, tenant)
                usual[name] = usual.get(name, own) & own
        elif exchange.starved != tenant and name in usual:
            held = usual[name] & _own(exchange, tenant)
            # A model answers with more or less each time, but hardly with nothing.
            missing = frozenset() if held else usual[name]
            if missing or not exchange.succeeded:
                found.append(_finding(history, exchange, missing))
    return merged(found)


def _is_its_own(exchange: Exchange) -> bool:
    return exchange.audience is Audience.TENANT and exchange.principal.whole


def _own(exchange: Exchange, tenant: int) -> Fields:
    """Return of which fields its answer held the tenant's own values."""
    return frozenset(
        found.hit.field
        for found in exchange.found
        if found.channel in ANSWERS
        and found.hit.owner == tenant
        and found.hit.rate <= CHANCE
    )


def _finding(history: History, exchange: Exchange, missing: Fields) -> Finding:
    key = f"{alias(exchange.starved)}'s key at the provider"
    outcome = exchange.failure or f"status {exchange.status}"
    if exchange.succeeded:
        labels = ", ".join(sorted(map(history.label, missing)))
        outcome = f"{outcome}, without its {labels}"
    asked = f"{exchange.operation} by {exchange.principal}"
    return Finding(
        oracle="egress",
        severity=Severity.MAJOR,
        channel=Channel.EGRESS,
        operation=exchange.operation,
        owner=exchange.starved,
        receiver=exchange.principal.credential,
        what="provider key",
        shape="another tenant's key",
        summary=f"{asked} was not served as before while {key} was used up",
        evidence=(Evidence(exchange.id, f"{exchange.request} → {outcome}"),),
        circumstantial=True,
    )
