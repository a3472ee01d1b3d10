"""Answers of a tenant's assistant, found again by questions that are much the same."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from itertools import pairwise

_WORD = re.compile(r"\w+")
_ALIKE = 0.8
"""Share of words and pairs of words that two questions must have in common."""


@dataclass(frozen=True, slots=True)
class _Kept:
    scope: Hashable
    shingles: frozenset[str]
    exact: frozenset[str]
    until: float
    answer: str


class SimilarAnswers:
    """Remembers one tenant's answers. There is one of these for each tenant.

    Questions are alike if they share most of their words and pairs of words (their
    Jaccard similarity; Broder, 1997), and all words with a digit in them: "invoice
    17" and "invoice 18" are not alike. Only answers of the same scope are found; it
    names all else that an answer depends on.

    Args:
        lifetime: Seconds after which an answer is forgotten.
        size: Answers at most.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        lifetime: float,
        size: int = 200,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lifetime = lifetime
        self._size = size
        self._clock = clock
        self._kept: OrderedDict[tuple[Hashable, str], _Kept] = OrderedDict()

    def find(self, scope: Hashable, question: str) -> str | None:
        """Return the answer to the question that is most alike, or None."""
        shingles, exact = _shingles(question)
        now = self._clock()
        best, answer = _ALIKE, None
        for kept in self._kept.values():
            if kept.scope != scope or kept.exact != exact or kept.until <= now:
                continue
            common = len(shingles & kept.shingles)
            alike = common / max(1, len(shingles | kept.shingles))
            if alike >= best:
                best, answer = alike, kept.answer
        return answer

    def put(self, scope: Hashable, question: str, answer: str) -> None:
        """Remember an answer."""
        shingles, exact = _shingles(question)
        key = (scope, question)
        self._kept.pop(key, None)
        until = self._clock() + self._lifetime
        self._kept[key] = _Kept(scope, shingles, exact, until, answer)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)


def _shingles(question: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return words and pairs of words, and the words that must be the same."""
    words = _WORD.findall(question.lower())
    pairs = {f"{one} {two}" for one, two in pairwise(words)}
    exact = {word for word in words if any(letter.isdigit() for letter in word)}
    return frozenset(words) | frozenset(pairs), frozenset(exact)
