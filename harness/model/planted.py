"""The canaries known to be planted, for traces that do not prove themselves."""

from __future__ import annotations

import hashlib
import threading
from bisect import bisect_left
from math import expm1, log1p
from operator import itemgetter
from typing import Final, final

from harness.model.canary import INTEGERS, PREFIX, CanaryKey

Owner = tuple[int, int]
"""A tenant and a field."""

SHORTEST_STEM: Final = 6
"""Fewest letters after the prefix that a cut-off token is recognised by.

With 10 000 planted canaries one random candidate in 30 000 has such a stem.
"""


@final
class Planted:
    """Looks up planted canaries by what is left of them; from any thread.

    The tables are built when they are first asked for: about 10 µs a canary.

    Args:
        key: The key of the run.
    """

    def __init__(self, key: CanaryKey) -> None:
        self._key = key
        self._owners: set[Owner] = set()
        self._tokens: list[tuple[str, Owner]] = []
        self._integers: dict[int, Owner | None] = {}
        self._digests: dict[str, tuple[str, Owner]] = {}
        self._untold: list[Owner] = []
        self._unnumbered: list[Owner] = []
        self._undigested: list[Owner] = []
        # Lines of a log and outgoing requests are read on threads of their own.
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._owners)

    @property
    def owners(self) -> tuple[Owner, ...]:
        """Each canary that was planted."""
        with self._lock:
            return tuple(sorted(self._owners))

    def add(self, tenant: int, field: int) -> None:
        """Note that this canary was planted; once is enough."""
        owner = (tenant, field)
        with self._lock:
            if owner in self._owners:
                return
            self._owners.add(owner)
            for waiting in (self._untold, self._unnumbered, self._undigested):
                waiting.append(owner)

    def add_number(self, value: int, tenant: int, field: int) -> None:
        """Note that a tenant was told a number that nobody can guess.

        A number that several tenants were told proves nothing from then on.
        """
        owner = (tenant, field)
        with self._lock:
            known = self._integers.setdefault(value, owner)
            if known is not None and known[0] != tenant:
                self._integers[value] = None

    def by_stem(self, letters: str) -> Owner | None:
        """The owner of the one planted token that begins so.

        None also when tokens of several tenants begin so: that proves nothing.
        """
        with self._lock:
            if self._untold:
                minted = [(self._key.mint(*owner), owner) for owner in self._untold]
                self._tokens = sorted([*self._tokens, *minted])
                self._untold.clear()
            tokens = self._tokens
        stem = PREFIX + letters
        found: list[Owner] = []
        first = bisect_left(tokens, stem, key=itemgetter(0))
        for place in range(first, len(tokens)):
            token, owner = tokens[place]
            if not token.startswith(stem):
                break
            found.append(owner)
        return found[0] if len({tenant for tenant, _ in found}) == 1 else None

    def by_integer(self, value: int) -> Owner | None:
        """The owner of a planted integer."""
        with self._lock:
            for owner in self._unnumbered:
                self._integers.setdefault(self._key.mint_int(*owner), owner)
            self._unnumbered.clear()
            return self._integers.get(value)

    def by_digest(self, digits: str) -> tuple[str, Owner] | None:
        """The algorithm and owner of a planted token's digest in lower-case hex."""
        with self._lock:
            for owner in self._undigested:
                token = self._key.mint(*owner).encode()
                for name in ("md5", "sha1", "sha256"):
                    digest = hashlib.new(name, token, usedforsecurity=False)
                    self._digests[digest.hexdigest()] = (name, owner)
            self._undigested.clear()
            return self._digests.get(digits)

    def stem_rate(self, length: int, candidates: int) -> float:
        """Probability that random letters give a stem of this length or longer.

        Args:
            length: Letters after the prefix.
            candidates: Places where a prefix is followed by so many.
        """
        return self._rate(26.0**length, candidates)

    def integer_rate(self, candidates: int) -> float:
        """Probability that one of so many random integers is planted.

        Args:
            candidates: Different integers in the range of the canaries.
        """
        return self._rate(float(INTEGERS), candidates, len(self._integers))

    def digest_rate(self, bits: int, candidates: int) -> float:
        """Probability that one of so many random digests is of a planted token."""
        return self._rate(2.0**bits, candidates)

    def _rate(self, values: float, candidates: int, planted: int = 0) -> float:
        single = max(planted, len(self._owners)) / values
        if single >= 1.0:
            return 1.0
        # 1 - (1 - single)**candidates, without losing small values.
        return -expm1(candidates * log1p(-single))
