"""All checkers, over one history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.checkers.access import access
from harness.checkers.canary import canary
from harness.checkers.label import label
from harness.model.event import Channel
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
    explained = {(one.operation, one.shape, one.owner) for one in accessed}
    explained |= {(one.operation, one.shape, None) for one in accessed}
    leaked = [
        one
        for one in canary(history)
        if one.channel is not Channel.BODY
        or (one.operation, one.shape, None) not in explained
    ]
    return merged([*accessed, *leaked, *label(history)])
