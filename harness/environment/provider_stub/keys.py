"""What the stub knows of an API key: whose it is, and what it may use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol, final

from harness.environment.provider_stub.limits import KINDS, Limits
from harness.model.canary import (
    FIELD_PROVIDER_ANSWER,
    FIELD_PROVIDER_KEY,
    FIELD_PROVIDER_LIMIT,
    FIRST_INTEGER,
    INTEGERS,
    CanaryKey,
)
from harness.model.scanner import Scanner

AMPLE: Final = Limits(*(1_000_000_000,) * 4)
"""What a key of nobody's may use: so much that it never gets in the way."""


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What is known of a key.

    Attributes:
        owner: Index of the tenant whose key it is; None if it is nobody's.
        limits: What it may use in a minute.
        stamp: Goes into the ids of its answers; "" for nothing.
    """

    owner: int | None
    limits: Limits
    stamp: str = ""


class Keys(Protocol):
    """Tells of keys, and hears what their holders are told."""

    def facts(self, key: str) -> KeyFacts:
        """Return what is known of a key, always the same."""
        ...

    def told(self, facts: KeyFacts, numbers: Iterable[int]) -> None:
        """Hear which figures of its rate limit an answer to a key carries."""
        ...


@final
class AnyKeys:
    """Takes any key as nobody's, with the same limits for each.

    Args:
        limits: Of each key.
    """

    def __init__(self, limits: Limits = AMPLE) -> None:
        self._limits = limits

    def facts(self, key: str) -> KeyFacts:
        return KeyFacts(None, self._limits)

    def told(self, facts: KeyFacts, numbers: Iterable[int]) -> None:
        pass


@final
class TenantKeys:
    """Knows the keys of a run's tenants, and marks what is told to each.

    A tenant's limits are large numbers that only its own key is told, four of its
    own in the range of the integer canaries, and the ids of its answers carry its
    token. Where such a number or id shows up, it tells whose key was used.

    Args:
        key: Of the run's canaries.
        scanner: Learns of each number that was told.
    """

    def __init__(self, key: CanaryKey, scanner: Scanner) -> None:
        self._key = key
        self._scanner = scanner
        self._known: dict[str, KeyFacts] = {}

    def facts(self, key: str) -> KeyFacts:
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._facts(key)
        return known

    def told(self, facts: KeyFacts, numbers: Iterable[int]) -> None:
        if facts.owner is None:
            return
        for number in numbers:
            if number >= FIRST_INTEGER:
                self._scanner.plant_number(number, facts.owner, FIELD_PROVIDER_LIMIT)

    def _facts(self, key: str) -> KeyFacts:
        owners = {
            hit.owner
            for hit in self._scanner.literal(key.encode("latin-1", "replace"))
            if hit.field == FIELD_PROVIDER_KEY
        }
        if len(owners) != 1:
            return KeyFacts(None, AMPLE)
        owner = owners.pop()
        stamp = self._key.mint(owner, FIELD_PROVIDER_ANSWER)
        return KeyFacts(owner, self._limits(owner), stamp)

    def _limits(self, owner: int) -> Limits:
        """Return four numbers far from one another, each with room below it."""
        start = self._key.mint_int(owner, FIELD_PROVIDER_LIMIT) - FIRST_INTEGER
        step = INTEGERS // len(KINDS)
        numbers = [(start + place * step) % INTEGERS for place in range(len(KINDS))]
        room = INTEGERS // 100
        requests, tokens, inputs, outputs = (
            FIRST_INTEGER + max(number, room) for number in numbers
        )
        return Limits(requests, inputs, outputs, tokens)
