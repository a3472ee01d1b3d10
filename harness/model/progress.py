"""Progress: what an exercise says while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """One sign of life.

    Attributes:
        phase: What is going on: ``postgres``, ``provision``, ``sweep``, ``drought``,
            ``machine``.
        done: How many of `total` are done.
        total: How many there are; 0 when nobody knows.
        detail: What is being done now, one line.
        finding: Summary of a finding just made; "" normally.
    """

    phase: str
    done: int = 0
    total: int = 0
    detail: str = ""
    finding: str = ""


Listener = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Listen to nothing."""
