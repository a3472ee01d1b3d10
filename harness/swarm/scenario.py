"""Scenarios: the locustfiles that come along, and the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import harness
from harness.errors import UsageError

COLD: Final = frozenset({"cold_start"})
"""Scenarios whose users come before the app does."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What users do.

    Attributes:
        name: What it is called.
        path: The locustfile.
        cold: Whether users come before the app is started.
    """

    name: str
    path: Path
    cold: bool


def find_scenario(name: str, *, cold: bool | None = None) -> Scenario:
    """Return a scenario by its name, or by the path of a locustfile.

    Args:
        name: Of one that comes along, or a path that ends in ``.py``.
        cold: Whether users come before the app is started; None for what is usual.

    Raises:
        UsageError: There is no such scenario.
    """
    if name.endswith(".py"):
        path = Path(name)
        if not path.is_file():
            raise UsageError(f"There is no locustfile {name}.")
        return Scenario(path.stem, path, cold=bool(cold))
    path = shelf() / f"{name}.py"
    known = scenarios()
    if name not in known:
        message = f"There is no scenario {name!r}."
        hint = f"There are: {', '.join(known)}; or name a locustfile of yours."
        raise UsageError(message, hint=hint)
    return Scenario(name, path, cold=name in COLD if cold is None else cold)


def scenarios() -> Sequence[str]:
    """Return the names of the scenarios that come along."""
    return sorted(path.stem for path in shelf().glob("*.py"))


def shelf() -> Path:
    """Return where the scenarios are: in the package, or in a checkout beside it."""
    package = Path(harness.__file__).resolve().parent
    packed = package / "scenarios" / "swarm"
    return packed if packed.is_dir() else package.parent / "scenarios" / "swarm"
