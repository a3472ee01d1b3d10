"""An order of events as a diagram: a column per actor, and what deviates marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final, final

from harness.model.race import Movement
from harness.reports.text import one_line

if TYPE_CHECKING:
    from harness.model.race import Interleaving, Line

LEGEND: Final = "▶ here first-come-first-served would have had another go"
_LANE: Final = 3
_NUMBER: Final = 4
_LONGEST: Final = 3
"""Lines of one actor in which nothing deviates that are shown one by one."""
_MOST: Final = 48
"""Rows of a diagram from which on only the surroundings of events are shown."""
_AROUND: Final = 4
_UNEVENTFUL: Final = frozenset({Movement.WENT, Movement.CAME})


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a diagram.

    Attributes:
        text: What to print.
        deviates: Whether first-come-first-served would have had another go.
    """

    text: str
    deviates: bool = False


@dataclass(frozen=True, slots=True)
class _Shown:
    """A line that is shown, or a stretch of lines that is not.

    Attributes:
        first: Number of its first line, from 1.
        line: The line; None for a stretch.
        lanes: Whose lines are left out.
        count: How many.
    """

    first: int
    line: Line | None = None
    lanes: tuple[str, ...] = ()
    count: int = 1


def diagram(
    interleaving: Interleaving, *, width: int, full: bool = False
) -> Iterator[Row]:
    """Yield a diagram: who is who, then line by line what happened.

    Args:
        interleaving: What happened.
        width: Columns that a row may take.
        full: Whether to show each line; else stretches without events are folded.
    """
    lanes = Lanes(interleaving, width=width)
    yield from lanes.head()
    lines = interleaving.lines
    shown = [_Shown(n, line) for n, line in enumerate(lines, 1)]
    if not full:
        shown = _around(_folded(lines))
    for one in shown:
        if one.line is not None:
            yield lanes.row(one.first, one.line)
        else:
            yield lanes.gap(one)
    if any(line.deviates for line in lines):
        yield Row(LEGEND)


def order_facts(interleaving: Interleaving) -> Iterator[tuple[str, str]]:
    """Yield what a reader needs to know of an order beside its diagram, labelled."""
    yield "scenario", one_line(interleaving.scenario)
    if interleaving.granularity:
        yield "granularity", one_line(interleaving.granularity)
    if not interleaving.deviations:
        yield "order", "first come, first served: it needs no deviation"
        return
    needed = "each is needed" if interleaving.minimal else "not all may be needed"
    for number, one in enumerate(interleaving.deviations, start=1):
        label = "deviations" if number == 1 else ""
        yield label, f"{number}. {one_line(one)}"
    yield "", f"({needed})"


@final
class Lanes:
    """The columns of a diagram, one for each actor.

    Args:
        interleaving: What happens.
        width: Columns that a row may take.
    """

    def __init__(self, interleaving: Interleaving, *, width: int) -> None:
        self._actors = interleaving.actors
        self._width = width
        self._places = {name: n for n, (name, _) in enumerate(interleaving.actors)}
        self._spans: dict[str, tuple[int, int]] = {}
        for number, line in enumerate(interleaving.lines, start=1):
            first, _ = self._spans.get(line.actor, (number, number))
            self._spans[line.actor] = (first, number)

    def head(self) -> Iterator[Row]:
        """Yield who is who, and the numbers of the columns."""
        longest = max((len(one_line(name, 40)) for name, _ in self._actors), default=0)
        for number, (name, about) in enumerate(self._actors, start=1):
            row = f"{number:{_NUMBER}}  {one_line(name, 40):{longest}}  "
            yield Row(self._cut(row + one_line(about)))
        heads = "".join(f"{n:<{_LANE}}" for n in range(1, len(self._actors) + 1))
        yield Row("")
        yield Row(f"{'':{_NUMBER}}  {heads}".rstrip())

    def row(self, number: int, line: Line) -> Row:
        """Return the row of a line.

        Args:
            number: Of the line, from 1.
            line: What happened.
        """
        mark = "▶" if line.deviates else " "
        place = self._places.get(line.actor, -1)
        drawn = self._lanes(number, {place: "◆" if line.deviates else "●"})
        text = one_line(line.text)
        return Row(self._cut(f"{number:{_NUMBER}}{mark} {drawn}{text}"), line.deviates)

    def gap(self, stretch: _Shown) -> Row:
        """Return the row of a stretch that is left out."""
        marks = {self._places.get(name, -1): "⋮" for name in stretch.lanes}
        drawn = self._lanes(stretch.first, marks)
        return Row(self._cut(f"{'':{_NUMBER}}  {drawn}({stretch.count} more)"))

    def _lanes(self, number: int, marks: dict[int, str]) -> str:
        """Draw each lane: what it does now, or whether it is under way."""
        cells = []
        for place, (name, _) in enumerate(self._actors):
            first, last = self._spans.get(name, (0, -1))
            idle = "│" if first <= number <= last else " "
            cells.append(f"{marks.get(place, idle):<{_LANE}}")
        return "".join(cells)

    def _cut(self, text: str) -> str:
        text = text.rstrip()
        return text if len(text) <= self._width else text[: self._width - 1] + "…"


def _folded(lines: Sequence[Line]) -> list[_Shown]:
    """Leave out the middle of what one actor does while nothing deviates."""
    shown: list[_Shown] = []
    numbered = list(enumerate(lines, start=1))
    for (name, plain), group in groupby(numbered, key=lambda one: _stretch(one[1])):
        run = list(group)
        if not plain or len(run) <= _LONGEST:
            shown += [_Shown(number, line) for number, line in run]
            continue
        (first, opening), (second, _), *_, (last, closing) = run
        shown.append(_Shown(first, opening))
        shown.append(_Shown(second, lanes=(name,), count=len(run) - 2))
        shown.append(_Shown(last, closing))
    return shown


def _stretch(line: Line) -> tuple[str, bool]:
    return line.actor, not _eventful(line)


def _eventful(line: Line) -> bool:
    return line.deviates or line.movement not in _UNEVENTFUL


def _around(shown: Sequence[_Shown]) -> list[_Shown]:
    """Keep of a long diagram what is near to something that deviates, and its ends."""
    if len(shown) <= _MOST:
        return list(shown)
    events = [n for n, one in enumerate(shown) if one.line and _eventful(one.line)]
    centres = [0, *events, len(shown) - 1]
    near = {
        place
        for centre in centres
        for place in range(centre - _AROUND, centre + _AROUND + 1)
    }
    kept: list[_Shown] = []
    for is_near, group in groupby(enumerate(shown), key=lambda one: one[0] in near):
        stretch = [one for _, one in group]
        kept += stretch if is_near else [_joined(stretch)]
    return kept


def _joined(stretch: Sequence[_Shown]) -> _Shown:
    lanes = dict.fromkeys(
        name
        for one in stretch
        for name in ((one.line.actor,) if one.line else one.lanes)
    )
    count = sum(one.count for one in stretch)
    return _Shown(stretch[0].first, lanes=tuple(lanes), count=count)
