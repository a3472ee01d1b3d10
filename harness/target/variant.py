"""A variant: the app with a seeded bug, or with something that only looks like one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A variant of the app: with a seeded bug, or harmless.

    Attributes:
        app: Import string that takes the place of the target's.
        harmless: Whether it only looks suspicious and must stay silent.
        summary: One line on what it does.
        environment: Variables that it needs besides the target's.
        exercise: Which exercise shows it: ``isolation``, whose variants are what
            `harness mutants` tries, ``startup``, ``races`` or ``swarm``.
        scenarios: Of ``races``: those that are explored first, as they show it soonest;
            the others are, where these show nothing.
        beyond: What it would take to see this bug, where no exercise does yet; it is
            then tried only if it is named. "" where it must be found.
    """

    app: str
    harmless: bool = False
    summary: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    exercise: Literal["isolation", "startup", "races", "swarm"] = "isolation"
    scenarios: tuple[str, ...] = ()
    beyond: str = ""
