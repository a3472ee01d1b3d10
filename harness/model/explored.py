"""What was explored of a scenario: how many schedules, how deep, how surely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Explored:
    """What was explored of one scenario.

    Attributes:
        scenario: Its name.
        about: One line on what happens in it.
        casts: How many different casts of tenants and requests played it.
        schedules: How many were run, without those that confirm and shorten findings.
        distinct: How many of these were different.
        actors: How many actors could be chosen between (n), with the largest cast.
        choices: How many choices between them there are if nobody interferes (k).
        depth: Most deviations from first-come-first-served of which all combinations
            were run, with each cast; -1 for none.
        statement: Which set of schedules was run as a whole, as a sentence.
        bounds: For each random strategy that has one, the least probability that one
            of its schedules meets a bug of its depth: 1 / (n · k^(depth - 1)).
        strategies: How many schedules each strategy had.
        parted: Schedules that did not do again what they should have: luck had a say.
        uncontrolled: Share of the wake-ups that were not under control, from 0 to 1.
        first: Number of the first schedule, from 1, that showed a finding; 0 if none.
        findings: Fingerprints of what was found.
    """

    scenario: str
    about: str = ""
    casts: int = 1
    schedules: int
    distinct: int
    actors: int
    choices: int
    depth: int
    statement: str
    bounds: Mapping[str, float] = field(default_factory=dict)
    strategies: Mapping[str, int] = field(default_factory=dict)
    parted: int = 0
    uncontrolled: float = 0.0
    first: int = 0
    findings: tuple[str, ...] = ()
