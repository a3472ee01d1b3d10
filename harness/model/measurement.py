"""A measurement: a figure with its unit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """A figure that a run took.

    Attributes:
        name: What was measured, ``"requests"``, ``"seconds"``.
        value: The figure.
        unit: Its unit, ``"s"``, ``"1"`` for plain numbers.
    """

    name: str
    value: float
    unit: str = "1"
