"""Exclusive resources: the next is not begun before the one before it is closed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
        closing: dict[int, Initialised] = {}
        for one in told if what in exclusive else ():
            if one.stage is Stage.CLOSING:
                closing[one.run] = one
            elif one.stage is Stage.CLOSED:
                closing.pop(one.run, None)
            elif one.stage is Stage.BEGUN and closing:
                old = next(iter(closing.values()))
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
