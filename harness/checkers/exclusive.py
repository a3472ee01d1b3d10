"""Exclusive resources: the next is not begun before the one before it is closed.

A close counts while something that was open is being closed by it. Whoever closes what
is closed already, or is being closed by somebody else, holds up nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.checkers.generations import Key
from harness.checkers.processes import Start, process_finding, short
from harness.model.boot import Initialised, Stage
from harness.model.finding import Finding
from harness.model.tenant import alias


def meetings(
    calls: Mapping[Key, list[Initialised]],
    boots: Mapping[int, Start],
    exclusive: set[str],
) -> Iterator[Finding]:
    """Find resources that were begun while what they replace was being closed.

    Where closing writes down what opening reads, what was done last is lost. Two that
    are open at once are found whether they are exclusive or not.

    Args:
        calls: What is told of each initialiser for each tenant.
        boots: The starts, by number.
        exclusive: Initialisers that are declared to be so.
    """
    for (number, worker, what, tenant), told in calls.items():
        for old, one in _met(told) if what in exclusive else ():
            yield process_finding(
                what,
                "made before the other was closed",
                f"{alias(tenant)} was initialised by {short(what)} while what was "
                f"open for it was still being closed ({boots[number]})",
                f"{alias(tenant)}: in worker {worker} the one began to close at "
                f"{old.at:.3f} s, and call {one.run} began at {one.at:.3f} s, "
                "before that was through",
                owner=tenant,
            )


@dataclass(slots=True)
class _Closing:
    """A close that is under way.

    Attributes:
        began: What told of it.
        runs: Calls whose resources it closes, and that are not seen to be closed yet.
    """

    began: Initialised
    runs: set[int]


def _met(told: Sequence[Initialised]) -> Iterator[tuple[Initialised, Initialised]]:
    """Yield each close of one tenant's with the call that began while it went on."""
    open_runs: set[int] = set()
    closings: list[_Closing] = []
    for one in told:
        if one.stage is Stage.READY:
            open_runs.add(one.run)
        elif one.stage is Stage.CLOSING:
            taken = {one.run} if one.run else set(open_runs)
            open_runs -= taken
            closings.append(_Closing(one, taken))
        elif one.stage is Stage.CLOSED:
            _end(closings, one)
        elif one.stage is Stage.BEGUN:
            old = next((close.began for close in closings if close.runs), None)
            if old is not None:
                yield old, one


def _end(closings: list[_Closing], one: Initialised) -> None:
    """Have a close be through; of those that nobody can tell apart, the first."""
    own = (one.run, one.exchange)
    ended = next(
        (close for close in closings if (close.began.run, close.began.exchange) == own),
        None,
    )
    if ended is not None:
        closings.remove(ended)
    for close in closings:
        close.runs.discard(one.run)
