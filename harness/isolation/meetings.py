"""Meetings: which requests of different tenants are made at once in one schedule."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Final, final

from harness.exploring.rounds import Round
from harness.model.event import Exchange
from harness.model.step import Principal, Role, Step
from harness.provisioning.witnesses import readings_of

if TYPE_CHECKING:
    from harness.model.event import Event
    from harness.provisioning.catalogue import Catalogue
    from harness.target.operation import Operation

MEETING: Final = 3
"""Tenants that take part, at most."""
OPENING: Final = 3
"""Rounds of readings that become one, the first of a schedule."""
COUPLES, CROWDS = 1, 2
"""Numbers of the courses, modulo 3, that are no twins."""
LEAVING: Final = 0.6
"""How likely a round has somebody whose client may leave."""
ROUNDS: Final = 8
"""Rounds of a schedule: a fresh app has what a long-used one no longer shows, such as a
pool that still grows; but each start takes as long as four rounds."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """An operation that works for several tenants.

    Attributes:
        operation: What it is.
        steps: For each tenant the step that worked.
    """

    operation: Operation
    steps: Mapping[int, Step]


@final
class Meetings:
    """Draws the rounds of one schedule after another.

    They come in courses. In each course every operation takes part in one round, and
    none in two, unless it is left without a partner; rounds are shared among as many
    schedules as they need. By turns two tenants make the same operation; two make
    different ones; or three make the same, and of what names an object, one tries
    another's.

    Args:
        rehearsed: What works, in the order in which it can be made in one boot.
        reading: Key of something that any tenant can read, without naming an object.
        catalogue: Offers the readings by which changes show.
        seed: Of what is drawn.
        enters: Whether all log in first: what they have does not last.
    """

    def __init__(
        self,
        rehearsed: Sequence[Rehearsed],
        reading: str,
        catalogue: Catalogue,
        *,
        seed: int,
        enters: bool = False,
    ) -> None:
        self._rehearsed = rehearsed
        self._reading = reading
        self._catalogue = catalogue
        self._seed = seed
        self._enters = enters

    def __iter__(self) -> Iterator[tuple[Round, ...]]:
        """Yield the rounds of each schedule, without end.

        In the first round all ask, one by one: the app is in use.
        """
        tenants = sorted({one for each in self._rehearsed for one in each.steps})
        warming = Round(
            enters=tuple(tenants) if self._enters else (),
            before=tuple(map(self._read, tenants)),
        )
        for course in itertools.count():
            rng = Random(f"{self._seed}/meetings/{course}")
            groups = self._groups(course, rng)
            rng.shuffle(groups)
            count = -(-len(groups) // ROUNDS)
            for part in range(count):
                # What destroys comes last, and so does what meets it.
                here = sorted(groups[part::count], key=max)
                met = [self._meeting(course, group, rng) for group in here]
                yield warming, *(self._around(one, rng) for one in self._opened(met))

    def _opened(self, met: list[tuple[Step, ...]]) -> list[tuple[Step, ...]]:
        """Have the first readings made all at once: then pools grow amid them."""
        operations = self._catalogue.operations
        plain = [
            group
            for group in met[:OPENING]
            if not any(operations[one.operation].mutates for one in group)
        ]
        if len(plain) < 2:
            return met
        crowd = tuple(step for group in plain for step in group)
        return [crowd, *(group for group in met if group not in plain)]

    def _groups(self, course: int, rng: Random) -> list[tuple[int, ...]]:
        """Return places of the operations that take part in each round of a course."""
        places = list(range(len(self._rehearsed)))
        if course % 3 != COUPLES:
            return [(place,) for place in places]
        rng.shuffle(places)
        return [tuple(places[at : at + 2]) for at in range(0, len(places), 2)]

    def _meeting(
        self, course: int, group: tuple[int, ...], rng: Random
    ) -> tuple[Step, ...]:
        one = self._rehearsed[group[0]]
        if len(group) > 1:
            return _couple(one, self._rehearsed[group[1]], rng)
        crowd = course % 3 == CROWDS
        here = _some(rng, one.steps, MEETING if crowd else 2)
        steps = [one.steps[who] for who in here]
        if crowd and self._catalogue.resources.needs(one.operation):
            stranger = Principal(here[-1], here[-1])
            steps[-1] = replace(steps[0], principal=stranger, role=Role.PROBE)
        return tuple(steps)

    def _around(self, together: tuple[Step, ...], rng: Random) -> Round:
        """Have what may have been changed, or left behind, show to all afterwards."""
        tenants = [one.principal.credential for one in together]
        leaves = rng.randrange(len(together)) if rng.random() < LEAVING else None
        after = []
        if leaves is not None:
            # Of two connections that were in use, the one left behind comes again.
            staying = [who for who in tenants if who != tenants[leaves]]
            after = [self._read(staying[0])] * 2 if staying else []
        operations = self._catalogue.operations
        changed = dict.fromkeys(
            one.operation for one in together if operations[one.operation].mutates
        )
        for key in changed:
            after += [self._read(who, self._witness(key)) for who in tenants]
        return Round(together=together, leaves=leaves, after=tuple(after))

    def _witness(self, key: str) -> str:
        """Return what shows to a tenant that an operation changed something."""
        readings = readings_of(self._catalogue, self._catalogue.operations[key], ())
        works = {one.operation.key for one in self._rehearsed}
        near = (one.key for one, _ in readings if one.key in works)
        return next(near, self._reading)

    def _read(self, tenant: int | None, key: str = "") -> Step:
        whole = Principal(tenant, tenant)
        return Step(key or self._reading, whole, tenant, Role.CONTROL)


def met(rounds: Iterable[Round], events: Iterable[Event]) -> set[str]:
    """Return the operations of requests that different tenants made at once.

    Args:
        rounds: Of a schedule.
        events: Of that schedule: what could not be made in it met nobody.
    """
    made = {one.operation for one in events if isinstance(one, Exchange)}
    return {
        step.operation
        for one in rounds
        if len({step.principal.credential for step in one.together}) > 1
        for step in one.together
        if step.operation in made
    }


def _couple(one: Rehearsed, other: Rehearsed, rng: Random) -> tuple[Step, ...]:
    """Have different operations made by different tenants for whom they work."""
    first, second = _some(rng, one.steps, 2)
    if second not in other.steps:
        first, second = second, first
    if second not in other.steps:
        return one.steps[first], one.steps[second]
    return one.steps[first], other.steps[second]


def _some(rng: Random, steps: Mapping[int, Step], count: int) -> list[int]:
    """Draw different tenants for whom an operation works."""
    return rng.sample(sorted(steps), min(count, len(steps)))
