"""The verdict: pass, fail or inconclusive, with the reasons."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What a run says of the app."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"

    @property
    def exit_code(self) -> int:
        """0, 1 or 4."""
        return {"pass": 0, "fail": 1, "inconclusive": 4}[self.value]


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome and why, the most important reason first."""

    outcome: Outcome
    reasons: tuple[str, ...] = ()
