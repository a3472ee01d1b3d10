"""What a strategy is, and what a first run tells it about the program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.scheduling.choice import CLOCK, Choice, Chooser, Operation, Trace


class Strategy(Protocol):
    """Says which schedule to run next; asked and told in turns."""

    def next(self) -> Chooser | None:
        """Return the chooser of one more run; None if there is nothing more to run."""
        ...

    def record(self, trace: Trace) -> None:
        """Take what the run of the last chooser did."""
        ...


@dataclass(frozen=True, slots=True)
class Extent:
    """How large a program is, as one run showed it.

    Attributes:
        actors: How many actors had a choice to take part in, at least 1 (n).
        choices: How many choices there were between actors, at least 1 (k).
        endings: How many choices offered an outcome of an operation.
        ticks: How many offered that time passes.
    """

    actors: int
    choices: int
    endings: int = 0
    ticks: int = 0

    @classmethod
    def of(cls, trace: Trace) -> Extent:
        """Measure a run."""
        plain = (one for choice in trace for one in choice.options if not one.beside)
        return cls(
            actors=max(1, len({one.actor for one in plain})),
            choices=max(1, sum(between_actors(choice.options) for choice in trace)),
            endings=sum(_offers(choice, outcome=True) for choice in trace),
            ticks=sum(_offers(choice, outcome=False) for choice in trace),
        )


def _offers(choice: Choice, *, outcome: bool) -> bool:
    """Tell whether an operation can end otherwise, or whether time can pass."""
    return any(
        one.outcome != "" if outcome else one.actor == CLOCK for one in choice.options
    )


def between_actors(options: Sequence[Operation]) -> bool:
    """Tell whether it can be chosen whose operation goes ahead as it is."""
    return any(one.actor != options[0].actor for one in options[1:] if not one.beside)
