"""How a scenario goes alone: what its schedules are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.model.holdings import Holding


@dataclass(frozen=True, slots=True)
class Alone:
    """How a scenario goes where one request is served after the other.

    Attributes:
        statuses: Of each request, by actor.
        refusals: Why what an operator did was refused.
        unlike: What is read in it that was not written so.
        kept: How many resources of each tenant are open when the app rests.
        raising: Actors after the answers to whom the app raises.
    """

    statuses: Mapping[str, int]
    refusals: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    kept: Mapping[Holding, int] = field(default_factory=dict)
    raising: frozenset[str] = frozenset()
