"""Together: requests of different tenants at once, under one schedule after another."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Final, final

from harness.exploring.grounds import Inputs
from harness.exploring.scenario import Scenario
from harness.isolation.cutting import cuts
from harness.isolation.meetings import MEETING, met
from harness.model.event import Note, Unseen
from harness.model.explored import Explored
from harness.model.progress import Progress
from harness.model.race import Ending, Scheduled, ScheduleEnded
from harness.scheduling.choice import FirstCome, schedule_of
from harness.scheduling.search.crossings import Crossing
from harness.scheduling.tape import tape_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.exploring.proving import Bench
    from harness.exploring.rounds import Round
    from harness.exploring.schedules import Played
    from harness.exploring.stage import Stage
    from harness.model.event import Event
    from harness.model.finding import Finding
    from harness.model.progress import Listener
    from harness.scheduling.choice import Chooser, Schedule

NAME: Final = "together"
ORACLES: Final = frozenset({"canary", "access", "label", "egress"})
"""What judges a schedule here; how starts and failures go is for races."""
FIRST_COME: Final = "first come"
CROSSINGS: Final = "crossings"
SHORTENED: Final = 4
"""Findings that are shortened to the end; of others only rounds are left out."""
ENOUGH: Final = 12
"""Findings after which no further schedule is run."""


async def meet(stage: Stage) -> None:
    """Requests of different tenants at once, in an app that all have used before."""
    for one in stage.props.rounds:
        with stage.undisturbed():
            for index in one.enters:
                await stage.tenant(index).logs_in()
            for step in one.before:
                await stage.step(step)
        asks = [
            stage.step(step, leaves=place == one.leaves)
            for place, step in enumerate(one.together)
        ]
        await stage.gather(*asks)
        with stage.undisturbed():
            for step in one.after:
                await stage.step(step)


TOGETHER: Final = Scenario(
    name=NAME, act=meet, about=(meet.__doc__ or "").partition("\n")[0], tenants=2
)


@dataclass(slots=True)
class _Counts:
    """What was run so far."""

    schedules: Counter[str] = field(default_factory=Counter)
    distinct: set[Schedule] = field(default_factory=set)
    pairs: int = 0
    triples: int = 0
    crowds: int = 0
    actors: int = 0
    choices: int = 0
    first: int = 0
    met: set[str] = field(default_factory=set)


@final
class Together:
    """Runs schedules in which requests of different tenants meet, and judges each.

    Args:
        bench: What schedules are run with.
        meetings: Rounds of requests, for each schedule.
        tenants: How many there are.
        listener: Hears of progress.
        known: Fingerprints that are found already, and are passed over.
        only_first: Whether to stop at the first finding.
    """

    def __init__(
        self,
        bench: Bench,
        meetings: Iterable[tuple[Round, ...]],
        *,
        tenants: int,
        listener: Listener,
        known: set[str],
        only_first: bool,
    ) -> None:
        self._bench = bench
        self._meetings = meetings
        self._cast = tuple(range(tenants))
        self._listener = listener
        self._known = known
        self._only_first = only_first
        self._found: dict[str, Finding] = {}
        self._counts = _Counts()
        self._stopped = ""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found so far, each with the order that shows it."""
        return tuple(self._found.values())

    @property
    def explored(self) -> Explored:
        """What was explored so far."""
        counts = self._counts
        return Explored(
            scenario=NAME,
            about=TOGETHER.about,
            schedules=counts.schedules.total(),
            distinct=len(counts.distinct),
            actors=counts.actors,
            choices=counts.choices,
            depth=-1,
            statement=f"{counts.pairs:,} pairs, {counts.triples:,} triples and "
            f"{counts.crowds:,} crowds of requests, each under an order of its own: a "
            "sample.",
            strategies=dict(counts.schedules),
            first=counts.first,
            findings=tuple(self._found),
        )

    @property
    def met(self) -> frozenset[str]:
        """Keys of the operations that were made beside another tenant's request.

        Only those of schedules that were seen to the end, and that could be made there.
        """
        return frozenset(self._counts.met)

    @property
    def stopped(self) -> str:
        """Why fewer schedules were run than might have been; "" if all were."""
        return self._stopped

    def run(self, budget: int) -> None:
        """Run schedules; the first is first-come-first-served.

        Args:
            budget: How many, without those that confirm and shorten findings.

        Raises:
            HarnessError: The app cannot be run under a schedule, or its surroundings
                failed.
        """
        for number, rounds in enumerate(itertools.islice(self._meetings, budget)):
            self._step(number, rounds)
            told = f"{len(self._found)} found"
            self._listener(Progress(NAME, number + 1, budget, detail=told))
            most = 1 if self._only_first else ENOUGH
            if len(self._found) >= most:
                if number + 1 < budget:
                    self._stopped = (
                        f"stopped after {number + 1} of {budget} schedules: "
                        f"{told}, which is enough"
                    )
                break

    def _step(self, number: int, rounds: tuple[Round, ...]) -> None:
        bench, recorder = self._bench, self._bench.recorder
        inputs = Inputs(self._cast, rounds=rounds)
        strategy, chooser = self._chosen(number)
        played, findings = bench.judged(TOGETHER, inputs, chooser, strategy)
        events = recorder.since(played.mark)
        self._count(inputs, strategy, played)
        if played.ran.ending is Ending.ENDED:
            self._counts.met |= met(rounds, events)
        self._sum_up(played, events)
        for one in findings:
            if one.fingerprint in self._known or len(self._found) >= ENOUGH:
                continue
            # What does not show again is told of once.
            self._known.add(one.fingerprint)
            proven = self._proven(inputs, played, one, events)
            if proven is None:
                continue
            self._found[one.fingerprint] = proven
            self._counts.first = self._counts.first or number + 1
            if self._only_first:
                break

    def _chosen(self, number: int) -> tuple[str, Chooser]:
        if number == 0:
            return FIRST_COME, FirstCome()
        return CROSSINGS, Crossing(Random(f"{self._bench.seed}/orders/{number}"))

    def _count(self, inputs: Inputs, strategy: str, played: Played) -> None:
        counts, trace = self._counts, played.ran.trace
        sizes = Counter(len(one.together) for one in inputs.rounds)
        counts.pairs += sizes[2]
        counts.triples += sizes[3]
        counts.crowds += sum(count for size, count in sizes.items() if size > MEETING)
        counts.actors = max(counts.actors, *sizes)
        counts.choices = counts.choices or len(trace)
        counts.schedules[strategy] += 1
        counts.distinct.add(schedule_of(trace))

    def _sum_up(self, played: Played, events: Sequence[Event]) -> None:
        """Keep of a schedule that it was run, and forget the rest."""
        self._bench.recorder.forget(played.mark)
        for event in events:
            if isinstance(event, Scheduled | ScheduleEnded | Note | Unseen):
                self._bench.recorder.add(event)

    def _proven(
        self,
        inputs: Inputs,
        played: Played,
        finding: Finding,
        events: Sequence[Event],
    ) -> Finding | None:
        """Show a finding again by its round alone, if possible, and shorten that."""
        bench, recorder = self._bench, self._bench.recorder
        if len(self._found) >= SHORTENED:
            bench = replace(bench, tries=0)
        tape = tape_of(played.ran.trace)
        for short, shorter in cuts(inputs, tape, finding, events):
            again, findings, _ = bench.replay(TOGETHER, short, shorter)
            seen = recorder.since(again.mark)
            recorder.forget(again.mark)
            for one in findings:
                if one.fingerprint == finding.fingerprint:
                    return bench.proven(TOGETHER, short, again, [one], seen)[0]
        return bench.proven(TOGETHER, inputs, played, [finding], events)[0]
