"""What an app has open: the resources that calls of its initialisers have made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from harness.model.boot import Initialised, Stage

if TYPE_CHECKING:
    from harness.model.event import Event

Holding = tuple[str, int, int]
"""The initialiser's import string, the tenant, and the process, from 1."""


def holdings(events: Iterable[Event]) -> Mapping[Holding, Sequence[Initialised]]:
    """Return which calls' resources are open after the events of one start.

    Only of initialisers whose end is told of, too.

    Args:
        events: In order; others than `Initialised` count for nothing.
    """
    held: dict[Holding, dict[int, Initialised]] = defaultdict(dict)
    for one in events:
        if isinstance(one, Initialised) and one.tenant is not None and one.closes:
            follow(held[one.what, one.tenant, one.worker], one, ends=(Stage.CLOSED,))
    return {key: tuple(runs.values()) for key, runs in held.items() if runs}


def follow(
    open_runs: dict[int, Initialised], one: Initialised, *, ends: tuple[Stage, ...]
) -> None:
    """Keep account of which calls' resources of one tenant are open.

    Args:
        open_runs: The calls by number; changed in place.
        one: What is told next.
        ends: With which stages a resource is open no longer.
    """
    if one.stage is Stage.READY:
        open_runs[one.run] = one
    elif one.stage in ends and one.run:
        open_runs.pop(one.run, None)
    elif one.stage in ends:
        open_runs.clear()
