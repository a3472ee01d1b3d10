"""Coverage: what a run saw, and what it did not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that was not covered.

    Attributes:
        what: An operation's key, a field's label, a channel's name, or a step.
        reason: Why not.
        floor: Whether the verdict depends on it.
    """

    what: str
    reason: str
    floor: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a run saw, as counts, and each gap by name.

    Attributes:
        covered: Keys of the operations with a positive control and a negative
            probe.
        operations_required: Operations that the floor counts.
        operations_known: Operations that the app offers.
        fields_seen: Planted fields that their owner saw again.
        fields_planted: Fields into which a canary was put.
        channels: Channels through which a beacon came.
        probes: Negative probes made beside a positive control.
        gaps: What was not covered, those of the floor first.
    """

    covered: tuple[str, ...]
    operations_required: int
    operations_known: int
    fields_seen: int
    fields_planted: int
    channels: tuple[str, ...]
    probes: int
    gaps: tuple[Gap, ...]

    @property
    def operations(self) -> int:
        """How many operations are covered."""
        return len(self.covered)

    @property
    def below_floor(self) -> tuple[Gap, ...]:
        """The gaps that make a run inconclusive."""
        return tuple(gap for gap in self.gaps if gap.floor)
