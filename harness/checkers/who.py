"""Who may see what, and how an identity is called in a finding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from harness.model.event import Audience, Exchange, Heard
from harness.model.finding import Severity
from harness.model.race import ActorCame
from harness.model.step import Role
from harness.model.tenant import FIRST_NOBODY

if TYPE_CHECKING:
    from harness.model.history import History
    from harness.model.scanner import Hit
    from harness.model.step import Principal

CHANCE = 1e-4
"""Hits that chance explains more often than this prove nothing."""

CERTAIN = 1e-9
"""Hits that chance explains less often than this prove it."""


Pairs = frozenset[tuple[int, int]]


def shape(principal: Principal) -> str:
    """Name the form of an identity; part of a finding's fingerprint."""
    if principal.whole:
        return "another tenant"
    if principal.door is not None:
        return "another door"
    if principal.credential is None:
        return "nobody" if principal.selector is None else "no credential"
    return "no tenant" if principal.selector is None else "mixed"


def is_tenant(owner: int) -> bool:
    """Whether a canary's owner is a tenant rather than a beacon or a stranger."""
    return owner < FIRST_NOBODY


def written_so_far(history: History) -> Mapping[int, Pairs]:
    """Return, per exchange, which canaries its sender had put into its own data.

    A tenant that takes over another's natural key, such as the name of a flag,
    reads it again later, and rightly so.
    """
    written: dict[int, Pairs] = defaultdict(frozenset)
    so_far: dict[int, Pairs] = {}
    meanwhile = _written_in_schedules(history)
    for exchange in history.of(Exchange):
        sender = exchange.principal.credential
        if sender is None:
            continue
        if _wrote(exchange) and not exchange.sent <= written[sender]:
            written[sender] |= exchange.sent
        so_far[exchange.id] = written[sender]
        if exchange.id in meanwhile:
            so_far[exchange.id] |= meanwhile[exchange.id]
    return so_far


def _written_in_schedules(history: History) -> Mapping[int, Pairs]:
    """Return, per exchange of a schedule, what its sender wrote in that schedule.

    Requests overlap there: what one writes may be read before it is answered, and even
    if it never is.
    """
    schedules = {one.exchange: one.schedule for one in history.of(ActorCame)}
    if not schedules:
        return {}
    inside = [one for one in history.of(Exchange) if one.id in schedules]
    written: dict[tuple[int, int | None], Pairs] = defaultdict(frozenset)
    for one in inside:
        if one.mutates and not one.operation.startswith("DELETE "):
            written[schedules[one.id], one.principal.credential] |= one.sent
    return {
        one.id: written[schedules[one.id], one.principal.credential] for one in inside
    }


def overheard(history: History) -> Iterator[tuple[Heard, Exchange, Pairs]]:
    """Yield what listeners heard, with the exchange that opened each.

    The third is what the one who listens had written itself until then, by the
    request that caused it, too.
    """
    openings = {one.id: one for one in history.of(Exchange) if one.endless}
    if not openings:
        return
    exchanges = history.exchanges()
    written: dict[int | None, Pairs] = defaultdict(frozenset)
    for event in history.events:
        if isinstance(event, Exchange) and _wrote(event):
            written[event.principal.credential] |= event.sent
        elif isinstance(event, Heard) and event.listener in openings:
            opening = openings[event.listener]
            receiver = opening.principal.credential
            cause = exchanges.get(event.during)
            own = written[receiver] if receiver is not None else frozenset()
            if cause is not None and cause.principal.credential == receiver:
                own |= cause.sent if _wrote(cause) else frozenset()
            yield event, opening, own


def _wrote(exchange: Exchange) -> bool:
    """Whether what was sent is now its sender's; a deletion leaves nothing."""
    deletes = exchange.operation.startswith("DELETE ")
    return exchange.mutates and exchange.succeeded and not deletes


def may_see(
    history: History, exchange: Exchange, hit: Hit, written: Pairs = frozenset()
) -> bool:
    """Whether an answer may hold a canary.

    The holder of the credential receives the answer; with no credential, nobody
    does. It may see its own data, what the request itself said, and what was put
    into its own fields; on public paths, those of the tenant that it selected.

    Args:
        history: Tells names from data, and what tenants were given to know.
        exchange: Whose answer it is.
        hit: The canary.
        written: What the receiver has written itself; see `written_so_far`.
    """
    receiver, chosen = exchange.principal.credential, exchange.principal.selector
    what = (hit.owner, hit.field)
    if not is_tenant(hit.owner) or hit.rate > CHANCE:
        return True
    if what in written or what in exchange.sent or belongs(history, hit, receiver):
        return True
    name = history.names_tenant(hit.field)
    selected = belongs(history, hit, chosen)
    if exchange.audience is Audience.OPERATOR and exchange.role is Role.PROVISION:
        return history.for_operators(hit.field)
    allowed = {
        Audience.SHARED: True,
        Audience.PUBLIC: selected or name,
    }
    return allowed.get(exchange.audience, selected and name)


def belongs(history: History, hit: Hit, tenant: int | None) -> bool:
    """Whether a canary is a tenant's, or was put into one of its own fields."""
    if tenant is None:
        return False
    known = history.knows.get(tenant, frozenset())
    return hit.owner == tenant or (hit.owner, hit.field) in known


def private(
    history: History, exchange: Exchange, hit: Hit, written: Pairs = frozenset()
) -> bool:
    """Whether a canary is its owner's data (not its name) and not to be seen here."""
    hidden = not may_see(history, exchange, hit, written)
    return hidden and not history.names_tenant(hit.field)


def severity(hit: Hit) -> Severity:
    """Grade a tenant's data in somebody else's hands by how sure it is."""
    return Severity.MAJOR if hit.rate > CERTAIN else Severity.CRITICAL
