"""Egress: what the app sends to the outside is not the receiver's, or not to be sent.

An address that a tenant set and a tenant's key at the model provider say of
themselves who receives a request: then nothing else need be known of it. Where they
do not, the tenant counts whose request was being served when it came; since that is
told by time alone, such a finding must show again, unless the request itself holds
data of both tenants.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.checkers.sendings import (
    INSIDE,
    Sending,
    is_proven,
    is_secret,
    sendings,
)
from harness.checkers.who import CERTAIN, is_tenant, severity, shape
from harness.model.canary import FIELD_PROVIDER_KEY
from harness.model.event import Audience, Channel, Destination, Found
from harness.model.finding import Evidence, Finding, Severity, merged
from harness.model.step import Role
from harness.model.tenant import alias

if TYPE_CHECKING:
    from harness.model.history import History
    from harness.model.scanner import Hit


def egress(history: History) -> list[Finding]:
    """Find each request to the outside that says too much, or in a wrong name."""
    found: list[Finding] = []
    made = list(sendings(history))
    for sending in made:
        found += _secrets(sending)
        found += _strayed(sending) if len(sending.receivers) == 1 else _mingled(sending)
    found += _borrowed_keys(made)
    return merged(found)


def _secrets(sending: Sending) -> Iterator[Finding]:
    """Find credentials: nobody gets them but the provider, who is shown the key."""
    provider = sending.egress.destination is Destination.PROVIDER
    for found in sending.egress.found:
        hit = found.hit
        if not is_secret(found) or not is_proven(hit):
            continue
        is_shown = hit.field == FIELD_PROVIDER_KEY and found.where not in INSIDE
        if not (provider and is_shown):
            what = sending.known.history.label(hit.field)
            summary = (
                f"{alias(hit.owner)}'s {what} left the app{_place(sending, found)}"
            )
            yield _finding(sending, hit, "secret", summary, severity=severity(hit))


def _strayed(sending: Sending) -> Iterator[Finding]:
    """Find a tenant's data in what another tenant receives."""
    known, receivers = sending.known, sorted(sending.receivers)
    for found in sending.data():
        hit = found.hit
        if any(known.may_have(tenant, hit) for tenant in receivers):
            continue
        if sending.sender in receivers and sending.was_told(hit):
            continue
        provider = sending.egress.destination is Destination.PROVIDER
        means = "with {}'s key" if provider else "to an address of {}'s"
        what = known.history.label(hit.field)
        summary = (
            f"{alias(hit.owner)}'s {what} was sent {means.format(alias(receivers[0]))}"
            f"{_place(sending, found)}"
        )
        yield _finding(
            sending,
            hit,
            "another tenant",
            summary,
            severity=_graded(known.history, hit),
            receiver=receivers[0],
        )


def _mingled(sending: Sending) -> Iterator[Finding]:
    """Find another tenant's data in what is nobody's in particular."""
    exchange, history = sending.exchange, sending.known.history
    if exchange is not None and exchange.audience is Audience.SHARED:
        return
    telling = exchange and sending.egress.destination is Destination.PROVIDER
    data = [
        found
        for found in sending.data()
        if not sending.was_told(found.hit)
        if telling or not history.for_operators(found.hit.field)
    ]
    holder = sending.sender
    if holder is None and data:
        holder = data[0].hit.owner
    parties = {one.hit.owner for one in sending.egress.found if is_proven(one.hit)}
    for found in data:
        if holder is not None and not sending.known.may_have(holder, found.hit):
            others = parties - {found.hit.owner}
            other = holder if holder in others or not others else min(others)
            yield _with_another(sending, found, other, proven=bool(others))


def _with_another(
    sending: Sending, found: Found, other: int, *, proven: bool
) -> Finding:
    """Blame what one tenant's data is doing beside another's, or in its time."""
    hit = found.hit
    what = sending.known.history.label(hit.field)
    how = f"together with {alias(other)}'s data" if proven else ""
    summary = f"{alias(hit.owner)}'s {what} was sent {how}".rstrip()
    graded = _graded(sending.known.history, hit)
    return _finding(
        sending,
        hit,
        "two tenants" if proven else "another tenant's request",
        summary + _place(sending, found),
        severity=graded if proven else Severity.MAJOR,
        receiver=other,
        circumstantial=not proven,
    )


def _borrowed_keys(made: list[Sending]) -> Iterator[Finding]:
    """Find calls of the provider under a key that is not the asking tenant's.

    Counted are operations that call the provider under the tenant's own key, or that
    did so under the same foreign key again and again; a call that holds data tells by
    these whose it is, and may be late work of another request.
    """
    by_exchange: dict[int, list[Sending]] = defaultdict(list)
    for sending in made:
        asked_by_tenant = (
            sending.exchange is not None
            and sending.exchange.audience is Audience.TENANT
            and sending.exchange.role not in {Role.PROVISION, Role.LOGIN}
        )
        if asked_by_tenant and sending.egress.destination is Destination.PROVIDER:
            by_exchange[sending.egress.exchange].append(sending)
    usual: set[str] = set()
    suspects: dict[tuple[str, int | None, int], list[Sending]] = defaultdict(list)
    for calls in by_exchange.values():
        first = calls[0]
        keys = frozenset[int]().union(*(one.receivers for one in calls))
        if first.sender in keys or not all(one.receivers for one in calls):
            usual.add(first.operation)
        elif not any(_tells_of_somebody(one) for one in calls):
            suspects[first.operation, first.sender, min(keys)].append(first)
    for (operation, _, key), firsts in suspects.items():
        if operation in usual or len(firsts) > 1:
            for sending in firsts:
                yield _borrowed(sending, key)


def _tells_of_somebody(sending: Sending) -> bool:
    return any(
        found.where in INSIDE and is_tenant(found.hit.owner)
        for found in sending.egress.found
    )


def _borrowed(sending: Sending, key: int) -> Finding:
    exchange = sending.exchange
    assert exchange is not None  # noqa: S101 - sorted out before
    summary = f"{exchange.operation} by {exchange.principal} used {alias(key)}'s key"
    return Finding(
        oracle="egress",
        severity=Severity.MAJOR,
        channel=Channel.EGRESS,
        operation=exchange.operation,
        owner=key,
        receiver=sending.sender,
        what="provider key",
        shape=f"key used by {shape(exchange.principal)}",
        summary=summary,
        evidence=(Evidence(exchange.id, _shown(sending)),),
        circumstantial=True,
    )


def _graded(history: History, hit: Hit) -> Severity:
    return Severity.MAJOR if history.names_tenant(hit.field) else severity(hit)


def _place(sending: Sending, found: Found) -> str:
    where = found.where if found.where in INSIDE else f"header {found.where}"
    return f", in the {where} of {_shown(sending)}{sending.during}"


def _shown(sending: Sending) -> str:
    return f"{sending.egress.request} to the {sending.egress.destination}"


def _finding(
    sending: Sending,
    hit: Hit,
    shape_: str,
    summary: str,
    *,
    severity: Severity,
    receiver: int | None = None,
    circumstantial: bool = False,
) -> Finding:
    chance = "" if hit.rate <= CERTAIN else f", by chance once in {1 / hit.rate:,.0f}"
    shown = f"{_shown(sending)} ← {hit.excerpt} ({hit.form}{chance})"
    return Finding(
        oracle="egress",
        severity=severity,
        channel=Channel.EGRESS,
        operation=sending.operation,
        owner=hit.owner,
        receiver=receiver,
        what=sending.known.history.label(hit.field),
        shape=shape_,
        summary=summary,
        evidence=(Evidence(sending.egress.exchange, shown),),
        circumstantial=circumstantial,
    )
