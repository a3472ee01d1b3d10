"""An entry of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Mutant:
    """The app with one seeded bug, or with something that only looks like one.

    Attributes:
        name: What it is called on the command line.
        app: Import string of its factory, which takes no arguments.
        harmless: Whether every tenant is kept apart all the same.
        summary: What was done to the app, in one line.
        environment: Variables that it needs besides the app's own.
        scenarios: Of a race: what is explored first, as it shows it soonest.
        beyond: What it would take to see it, where nothing does yet.
    """

    name: str
    app: str
    harmless: bool
    summary: str
    environment: Mapping[str, str] = field(default_factory=dict)
    scenarios: tuple[str, ...] = ()
    beyond: str = ""
