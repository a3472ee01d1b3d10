"""All checkers, over one history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.checkers.access import access
from harness.checkers.canary import canary
from harness.checkers.drought import drought
from harness.checkers.egress import egress
from harness.checkers.label import label
from harness.checkers.lifecycle import lifecycle
from harness.checkers.metrics import metric_label
from harness.model.event import ANSWERS
from harness.model.finding import merged

if TYPE_CHECKING:
    from harness.model.finding import Finding
    from harness.model.history import History


def check(history: History) -> list[Finding]:
    """Judge a history by every oracle; the worst finding comes first.

    Where an operation worked for somebody else, the canaries that came out of it
    in an answer are that finding's evidence and not findings of their own.
    """
    accessed = access(history)
    proven = {(one.operation, one.shape) for one in accessed if not one.circumstantial}
    leaked = [
        one
        for one in canary(history)
        if one.channel not in ANSWERS or (one.operation, one.shape) not in proven
    ]
    kept = [
        one
        for one in accessed
        if not one.circumstantial or (one.operation, one.shape) not in proven
    ]
    labels = (*label(history), *metric_label(history))
    outside = (*egress(history), *drought(history))
    others = (*outside, *labels, *lifecycle(history))
    return merged([*kept, *leaked, *others])
