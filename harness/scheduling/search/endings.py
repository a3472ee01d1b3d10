"""Endings: one operation ends otherwise, all else goes as it came.

Somebody leaves, or something fails, at one place of the first run. The levels of
deviations have these runs, too, but among many others that only change an order; random
ones end much the same operations again and again, and miss some.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from random import Random
from typing import final

from harness.scheduling.choice import CLOCK, Chooser, Key, Operation, Trace


@final
class Endings:
    """Each outcome of each operation of a first run, once.

    Each operation comes to its turn before any has a second of its outcomes.

    Args:
        first: The trace of a run in which nobody interfered.
        seed: Two with the same seed give the same runs.
    """

    def __init__(self, first: Trace, *, seed: str) -> None:
        rng = Random(seed)
        self._runs = iter([_Ended(*one) for one in _in_turns(first, rng)])

    def next(self) -> Chooser | None:
        return next(self._runs, None)

    def record(self, trace: Trace) -> None:
        """Nothing is learnt from a run."""


def _in_turns(first: Trace, rng: Random) -> Iterator[tuple[Key, int]]:
    """Yield outcomes, and how many offers of it are let pass, in a drawn order."""
    operations: dict[Key, list[tuple[Key, int]]] = {}
    for key, offers in _offers(first).items():
        plain = key._replace(outcome="")
        passed = offers.index(True) if True in offers else rng.randrange(len(offers))
        operations.setdefault(plain, []).append((key, passed))
    every = list(operations.values())
    rng.shuffle(every)
    for outcomes in every:
        rng.shuffle(outcomes)
    for rank in zip_longest(*every):
        yield from (one for one in rank if one is not None)


def _offers(first: Trace) -> Mapping[Key, list[bool]]:
    """Return each time an outcome was offered: whether its operation was to go then."""
    offers: dict[Key, list[bool]] = {}
    for choice in first:
        turn = choice.options[0].plain
        for one in choice.options:
            if one.outcome and one.actor != CLOCK:
                offers.setdefault(one.key, []).append(one.plain == turn)
    return offers


@final
class _Ended:
    """Takes what came first, and the outcome when its turn has come."""

    def __init__(self, key: Key, passed: int) -> None:
        self._key = key
        self._passed = passed

    def choose(self, options: Sequence[Operation]) -> int:
        for place, one in enumerate(options):
            if one.key == self._key:
                self._passed -= 1
                return place if self._passed < 0 else 0
        return 0
