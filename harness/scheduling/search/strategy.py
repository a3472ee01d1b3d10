"""What a strategy is, and what a first run tells it about the program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from harness.scheduling.choice import Chooser, Trace


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
        choices: How many choices there were, at least 1 (k).
    """

    actors: int
    choices: int

    @classmethod
    def of(cls, trace: Trace) -> Extent:
        """Measure a run."""
        actors = {option.actor for choice in trace for option in choice.options}
        return cls(max(1, len(actors)), max(1, len(trace)))
