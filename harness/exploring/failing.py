"""What is said of a scenario whose own code raises."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError, UsageError
from harness.hosting.failure import one_line

if TYPE_CHECKING:
    from harness.exploring.scenario import Scenario
    from harness.model.race import Deviation


def raised(
    scenario: Scenario, error: BaseException, deviations: Sequence[Deviation]
) -> HarnessError:
    """Return what to raise for what a scenario raised: it is no finding of the app.

    Args:
        scenario: Whose code it was.
        error: What it raised; errors of the harness stay as they are.
        deviations: Of the schedule in which it did.
    """
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    if isinstance(error, HarnessError):
        return error
    when = "; ".join(one.text for one in deviations) or "nobody interferes"
    return UsageError(
        f"The scenario {scenario.name} raised {one_line(error)}"
        f"{_place(scenario, error)}, where {when}.",
        hint="What is answered to nobody, for its client left or the app had stopped, "
        "has status 0.",
    )


def _place(scenario: Scenario, error: BaseException) -> str:
    """Return the innermost line of the scenario's file, or of any if none is of it."""
    code = getattr(scenario.act, "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    own = [one for one in frames if code and one.filename == code.co_filename]
    for frame in (own or frames)[-1:]:
        return f" ({Path(frame.filename).name}, line {frame.lineno})"
    return ""
