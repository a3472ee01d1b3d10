"""A budget: the most that a measured figure may be."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Self

from harness.model.measurement import Measurement

_UNITS: Final[Mapping[str, tuple[str, float]]] = MappingProxyType(
    {
        "": ("1", 1.0),
        "1": ("1", 1.0),
        "%": ("1", 0.01),
        "us": ("s", 1e-6),
        "ms": ("s", 1e-3),
        "s": ("s", 1.0),
        "min": ("s", 60.0),
        "B": ("B", 1.0),
        "kB": ("B", 1e3),
        "KB": ("B", 1e3),
        "MB": ("B", 1e6),
        "GB": ("B", 1e9),
        "KiB": ("B", 1024.0),
        "MiB": ("B", 1024.0**2),
        "GiB": ("B", 1024.0**3),
    }
)
_FORM: Final = re.compile(
    r"(?P<name>\w+)(?P<labels>(?:@\w+:[^@=]+)*)=(?P<figure>\d+(?:\.\d+)?)(?P<unit>\D*)"
)
_EXAMPLE: Final = "write it as ready=2s, memory=300MB or ready@strategy:lazy=500ms"


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a measured figure may be.

    Attributes:
        name: Of the measurements that it holds for.
        limit: The most, in `unit`.
        unit: As it was written, ``"ms"``, ``"MB"``, ``"1"`` for plain numbers.
        labels: Which of them: those that have at least these labels.
    """

    name: str
    limit: float
    unit: str = "1"
    labels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``"ready=2s"``, ``"first_200_p95@strategy:lazy@tenants:200=500ms"``.

        Raises:
            ValueError: It has another form, or a unit that is not known.
        """
        match = _FORM.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is no budget; {_EXAMPLE}")
        unit = match["unit"].strip()
        if unit not in _UNITS:
            known = ", ".join(one for one in _UNITS if one not in {"", "1"})
            raise ValueError(f"{text!r}: {unit!r} is no unit; there are {known}")
        pairs = (pair.split(":", 1) for pair in match["labels"].split("@")[1:])
        labels = {name: value.strip() for name, value in pairs}
        return cls(match["name"], float(match["figure"]), unit or "1", labels)

    def __str__(self) -> str:
        labels = "".join(f"@{name}:{value}" for name, value in self.labels.items())
        return f"{self.name}{labels}={self.limit:g}{_shown(self.unit)}"

    def holds_for(self, measurement: Measurement) -> bool:
        """Whether this is a budget of that figure."""
        own = self.labels.items()
        return self.name == measurement.name and own <= measurement.labels.items()

    def comparable(self, unit: str) -> bool:
        """Whether figures in a unit can be held against it."""
        return unit in _UNITS and _UNITS[unit][0] == _UNITS[self.unit][0]

    def excess(self, measurement: Measurement) -> float:
        """Return how many times the limit a figure is; at most 1 if it keeps to it.

        Raises:
            ValueError: They are figures of different things: see `comparable`.
        """
        if not self.comparable(measurement.unit):
            raise ValueError(f"{self} is no budget of figures in {measurement.unit}")
        allowed = self.limit * _UNITS[self.unit][1]
        actual = measurement.value * _UNITS[measurement.unit][1]
        if actual <= allowed:
            return 1.0 if allowed else 0.0
        return actual / allowed if allowed else math.inf

    def same_unit(self, measurement: Measurement) -> float:
        """Return a figure in the unit that the budget was written in."""
        return measurement.value * _UNITS[measurement.unit][1] / _UNITS[self.unit][1]

    def shown(self, value: float) -> str:
        """Write a figure in the budget's unit for people."""
        unit = _shown(self.unit)
        return f"{value:.4g} {unit}" if unit else f"{value:.6g}"


def _shown(unit: str) -> str:
    return "" if unit == "1" else unit
