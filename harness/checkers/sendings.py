"""Requests that the app made to the outside, in the surroundings that judge them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.checkers.who import CHANCE, Pairs, belongs, is_tenant, written_so_far
from harness.model.canary import FIELD_PASSWORD, FIELD_PROVIDER_KEY
from harness.model.event import Audience, Declared, Destination, Egress, Exchange, Found

if TYPE_CHECKING:
    from harness.model.history import History
    from harness.model.scanner import Hit

NOTHING: Final[Pairs] = frozenset()
INSIDE: Final = frozenset({"url", "body"})
"""Where a request holds what it is about; its head tells who makes it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a whole history.

    Attributes:
        history: Itself.
        written: Per tenant, the canaries that it put into its own data.
        shared: Fields of operations whose data belong to all.
    """

    history: History
    written: Mapping[int, Pairs]
    shared: frozenset[int]

    def may_have(self, tenant: int, hit: Hit) -> bool:
        """Whether a canary is a tenant's own, or was put into what is its own."""
        written = (hit.owner, hit.field) in self.written.get(tenant, NOTHING)
        return written or belongs(self.history, hit, tenant)


@dataclass(frozen=True, slots=True)
class Sending:
    """One request to the outside, in its surroundings.

    Attributes:
        known: What is known of the history.
        egress: The request.
        exchange: What was being served when it came; None if that is not known.
    """

    known: Known
    egress: Egress
    exchange: Exchange | None

    @property
    def receivers(self) -> frozenset[int]:
        """The tenants that receive it."""
        return self.egress.receivers

    @property
    def sender(self) -> int | None:
        """The tenant in whose request it was made, as far as that is known."""
        return self.exchange.principal.credential if self.exchange else None

    @property
    def operation(self) -> str:
        """What a finding on it is filed under; webhooks may come late."""
        provider = self.egress.destination is Destination.PROVIDER
        if provider and self.exchange:
            return self.exchange.operation
        return f"egress {self.egress.destination}"

    @property
    def is_for_operators(self) -> bool:
        """Whether the request that it was made in is the operator's."""
        return self.exchange is not None and (
            self.exchange.audience is Audience.OPERATOR
        )

    @property
    def during(self) -> str:
        """When it was made, for people."""
        if self.exchange is None:
            return ""
        return f" during {self.exchange.operation} by {self.exchange.principal}"

    def data(self) -> Iterator[Found]:
        """Yield what it holds of tenants' data that may not be for everybody."""
        history = self.known.history
        for found in self.egress.found:
            hit = found.hit
            if not is_proven(hit) or is_secret(found) or hit.field in self.known.shared:
                continue
            if not (self.is_for_operators and history.for_operators(hit.field)):
                yield found

    def was_told(self, hit: Hit) -> bool:
        """Whether the request that was being served carried a canary itself."""
        sent = self.exchange.sent if self.exchange else NOTHING
        return (hit.owner, hit.field) in sent


def sendings(history: History) -> Iterator[Sending]:
    """Yield each, but those of requests that another part of a history tells of."""
    exchanges = history.exchanges()
    known = Known(history, _written(history), _shared(history))
    for one in history.of(Egress):
        exchange = exchanges.get(one.exchange)
        if exchange is not None or not one.exchange:
            yield Sending(known, one, exchange)


def _written(history: History) -> Mapping[int, Pairs]:
    so_far = written_so_far(history)
    return {
        exchange.principal.credential: so_far[exchange.id]
        for exchange in history.of(Exchange)
        if exchange.principal.credential is not None
    }


def _shared(history: History) -> frozenset[int]:
    shared = {
        one.operation for one in history.of(Declared) if one.audience is Audience.SHARED
    }
    return frozenset(
        field.id
        for field in history.fields.values()
        if field.label.rpartition(" ")[0] in shared
    )


def is_proven(hit: Hit) -> bool:
    """Whether a hit is a tenant's, and more than chance."""
    return is_tenant(hit.owner) and hit.rate <= CHANCE


def is_secret(found: Found) -> bool:
    """Whether it is a credential rather than data."""
    return found.hit.field in {FIELD_PASSWORD, FIELD_PROVIDER_KEY}
