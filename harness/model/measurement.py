"""A measurement: a figure with its unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Measurement:
    """A figure that a run took.

    Attributes:
        name: What was measured, ``"requests"``, ``"seconds"``.
        value: The figure.
        unit: Its unit, ``"s"``, ``"1"`` for plain numbers.
        labels: What it is a figure of, ``{"strategy": "lazy", "tenants": "200"}``.
    """

    name: str
    value: float
    unit: str = "1"
    labels: Mapping[str, str] = field(default_factory=dict)
