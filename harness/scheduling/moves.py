"""What is told of a schedule: of each operation, and of how it went in all."""

from __future__ import annotations

from dataclasses import dataclass

from harness.model.race import Ending, Movement, Waiting
from harness.scheduling.choice import Operation, Trace


@dataclass(frozen=True, slots=True)
class Move:
    """What became of an operation, or of the clock.

    Attributes:
        operation: Which, and what was chosen for it.
        movement: What became of it.
        deviates: Whether first-come-first-served would have taken another.
        key: What the initialiser that runs was told of its tenant; "" outside of any.
        exchange: Id of the request that it belongs to; 0 outside of any.
    """

    operation: Operation
    movement: Movement
    deviates: bool = False
    key: str = ""
    exchange: int = 0


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
