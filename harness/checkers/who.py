"""Who may see what, and how an identity is called in a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model.event import Audience
from harness.model.step import Role
from harness.model.tenant import FIRST_NOBODY

if TYPE_CHECKING:
    from harness.model.event import Exchange
    from harness.model.history import History
    from harness.model.scanner import Hit
    from harness.model.step import Principal

CHANCE = 1e-4
"""Hits that chance explains more often than this prove nothing."""

CERTAIN = 1e-9
"""Hits that chance explains less often than this prove it."""


def shape(principal: Principal) -> str:
    """Name the form of an identity; part of a finding's fingerprint."""
    if principal.whole:
        return "another tenant"
    if principal.credential is None:
        return "nobody" if principal.selector is None else "no credential"
    return "no tenant" if principal.selector is None else "mixed"


def is_tenant(owner: int) -> bool:
    """Whether a canary's owner is a tenant rather than a beacon or a stranger."""
    return owner < FIRST_NOBODY


def may_see(history: History, exchange: Exchange, hit: Hit) -> bool:
    """Whether an answer may hold a canary.

    The holder of the credential receives the answer; with no credential, nobody
    does. It may see its own data, what the request itself said, and what was put
    into its own fields; on public paths, those of the tenant that it selected.
    """
    what = (hit.owner, hit.field)
    receiver = exchange.principal.credential
    if not is_tenant(hit.owner) or hit.rate > CHANCE or hit.owner == receiver:
        return True
    known = () if receiver is None else history.knows.get(receiver, ())
    if what in exchange.sent or what in known:
        return True
    if exchange.audience is Audience.SHARED:
        return True
    name = history.names_tenant(hit.field)
    selected = hit.owner == exchange.principal.selector
    if exchange.audience is Audience.PUBLIC:
        return selected or name
    if exchange.audience is Audience.OPERATOR and exchange.role is Role.PROVISION:
        return history.for_operators(hit.field)
    return name and selected


def private(history: History, exchange: Exchange, hit: Hit) -> bool:
    """Whether a canary is its owner's data (not its name) and not to be seen here."""
    return not history.names_tenant(hit.field) and not may_see(history, exchange, hit)
