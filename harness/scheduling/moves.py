"""What is told of a schedule: of each operation, and of how it went in all."""

from __future__ import annotations

from dataclasses import dataclass

from harness.model.race import Ending, Movement, Waiting
from harness.scheduling.choice import Operation, Trace
from harness.scheduling.entry import Entry


@dataclass(frozen=True, slots=True)
class Move:
    """What became of an operation, or of the clock.

    Attributes:
        operation: Which, and what was chosen for it.
        movement: What became of it.
        deviates: Whether first-come-first-served would have taken another.
        entry: The operation on its way; None for the clock.
        seconds: That passed, if it is the clock.
    """

    operation: Operation
    movement: Movement
    deviates: bool = False
    entry: Entry | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Ran:
    """How one schedule went.

    Attributes:
        ending: How it ended.
        error: What the scenario raised; None if it did not.
        trace: The choices.
        waiting: Who still waited, unless it ended well.
        operations: How many operations went ahead.
        uncontrolled: What was not under control, one line each.
    """

    ending: Ending
    error: BaseException | None
    trace: Trace
    waiting: tuple[Waiting, ...]
    operations: int
    uncontrolled: tuple[str, ...]
