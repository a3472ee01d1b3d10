"""Makes a list as short as it can be while something still fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar, final

Element = TypeVar("Element")

TRIES = 200
"""How often a list is tried, at most, unless the caller says otherwise."""


@dataclass(frozen=True, slots=True)
class Shrunk(Generic[Element]):
    """What was left.

    Attributes:
        elements: What still fails, in the order in which it was given.
        tries: How often something was run.
        minimal: Whether each single element was left out once, and nothing failed
            then; False if the tries ran out before.
        reproduced: Whether all elements together failed; if not, nothing was done.
    """

    elements: tuple[Element, ...]
    tries: int
    minimal: bool
    reproduced: bool = True


def shrink(
    elements: Sequence[Element],
    fails: Callable[[tuple[Element, ...]], bool],
    *,
    tries: int = TRIES,
) -> Shrunk[Element]:
    """Leave out what is not needed, by delta debugging.

    This is ddmin of Zeller and Hildebrandt, "Simplifying and isolating
    failure-inducing input" (2002), after a look at whether nothing at all fails too.
    The result is 1-minimal: without any one of its elements it does not fail. Elements
    may be of several kinds, such as deviations, actors and requests, and are then
    minimal together.

    Args:
        elements: What to leave out of. Equal elements count one by one.
        fails: Runs a part of them, in their order, and says whether it still fails.
            It is asked once for each part.
        tries: How often to ask, at most.
    """
    trials = _Trials(elements, fails, tries)
    everything = tuple(range(len(elements)))
    try:
        if not trials.fail(everything):
            return trials.result(everything, minimal=False, reproduced=False)
        if trials.fail(()):
            return trials.result((), minimal=True)
        _delta_debug(everything, trials)
    except _OutOfTries:
        return trials.result(trials.best, minimal=False, reproduced=tries > 0)
    return trials.result(trials.best, minimal=True)


def _delta_debug(needed: tuple[int, ...], trials: _Trials[Element]) -> None:
    """Leave out ever smaller parts; `trials` remembers the shortest that failed."""
    parts = 2
    while len(needed) > 1:
        pieces = _split(needed, parts)
        found = next((piece for piece in pieces if trials.fail(piece)), None)
        if found is not None:
            needed, parts = found, 2
            continue
        rests = (_without(needed, piece) for piece in pieces)
        found = next((rest for rest in rests if trials.fail(rest)), None)
        if found is not None:
            needed, parts = found, max(parts - 1, 2)
        elif parts < len(needed):
            parts = min(2 * parts, len(needed))
        else:
            return


def _split(places: tuple[int, ...], parts: int) -> list[tuple[int, ...]]:
    """Return pieces of nearly the same length, none of them empty."""
    parts = min(parts, len(places))
    ends = [len(places) * part // parts for part in range(parts + 1)]
    return [places[start:end] for start, end in pairwise(ends)]


def _without(places: tuple[int, ...], piece: tuple[int, ...]) -> tuple[int, ...]:
    leaving = set(piece)
    return tuple(place for place in places if place not in leaving)


class _OutOfTries(Exception):
    """No more may be run."""


@final
class _Trials(Generic[Element]):
    """Runs parts, each once, and keeps the shortest that failed."""

    def __init__(
        self,
        elements: Sequence[Element],
        fails: Callable[[tuple[Element, ...]], bool],
        tries: int,
    ) -> None:
        self._elements = elements
        self._fails = fails
        self._left = tries
        self._known: dict[tuple[int, ...], bool] = {}
        self.best = tuple(range(len(elements)))

    def fail(self, places: tuple[int, ...]) -> bool:
        if places not in self._known:
            if not self._left:
                raise _OutOfTries
            self._left -= 1
            self._known[places] = self._fails(self._of(places))
        if self._known[places] and len(places) < len(self.best):
            self.best = places
        return self._known[places]

    def result(
        self, places: tuple[int, ...], *, minimal: bool, reproduced: bool = True
    ) -> Shrunk[Element]:
        return Shrunk(self._of(places), len(self._known), minimal, reproduced)

    def _of(self, places: tuple[int, ...]) -> tuple[Element, ...]:
        return tuple(self._elements[place] for place in places)
