"""Courses: the exploration of one scenario, bit by bit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, final

from harness.model.event import Note, Unseen
from harness.model.explored import Explored
from harness.model.progress import Progress
from harness.model.race import Scheduled, ScheduleEnded
from harness.scheduling.search.portfolio import Portfolio

if TYPE_CHECKING:
    from harness.exploring.grounds import Inputs
    from harness.exploring.proving import Bench
    from harness.exploring.scenario import Scenario
    from harness.exploring.schedules import Played
    from harness.model.finding import Finding
    from harness.model.progress import Listener


@final
class Course:
    """The exploration of one scenario; can be left and taken up again.

    Args:
        bench: What schedules are run with.
        scenario: What happens.
        inputs: To whom.
        budget: How many schedules in all.
        doubts: What is told with the first schedule: why it may not count.
        listener: Hears of progress.
        only_first: Whether the first finding ends it.
    """

    def __init__(
        self,
        bench: Bench,
        scenario: Scenario,
        inputs: Inputs,
        *,
        budget: int,
        doubts: Sequence[Unseen],
        listener: Listener,
        only_first: bool,
    ) -> None:
        self._bench = bench
        self._scenario = scenario
        self._inputs = inputs
        self._budget = budget
        self._doubts = doubts
        self._listener = listener
        self._only_first = only_first
        self._portfolio = Portfolio(budget, seed=bench.seed)
        self._found: dict[str, Finding] = {}
        self._doubted: set[str] = set()
        self._first = self._run = 0
        self._is_over = False

    @property
    def name(self) -> str:
        """The scenario's."""
        return self._scenario.name

    @property
    def is_over(self) -> bool:
        """Whether no schedule is left, or what was looked for is found."""
        return self._is_over

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found so far."""
        return tuple(self._found.values())

    @property
    def explored(self) -> Explored:
        """What was explored so far."""
        portfolio = self._portfolio
        return Explored(
            scenario=self._scenario.name,
            about=self._scenario.about,
            schedules=portfolio.counts.total(),
            distinct=portfolio.distinct,
            statement=portfolio.statement(),
            choices=portfolio.extent.choices,
            actors=portfolio.extent.actors,
            depth=-1 if portfolio.depth is None else portfolio.depth,
            bounds=portfolio.bounds,
            strategies=dict(portfolio.counts),
            parted=portfolio.parted,
            first=self._first,
            findings=tuple(self._found),
        )

    def go_on(self, schedules: int) -> None:
        """Run some more schedules and judge each.

        Args:
            schedules: How many at most.

        Raises:
            HarnessError: The app or its surroundings failed where nobody disturbed.
        """
        for _ in range(schedules):
            if self._is_over:
                return
            self._step()

    def _step(self) -> None:
        chosen = self._portfolio.next()
        if chosen is None:
            self._is_over = True
            return
        strategy, chooser = chosen
        bench = self._bench
        played, findings = bench.judged(self._scenario, self._inputs, chooser, strategy)
        self._portfolio.record(played.ran.trace)
        self._run += 1
        if self._run == 1:
            # What could not be done counts from the first schedule on.
            for doubt in self._doubts:
                bench.recorder.add(doubt)
        known = self._found.keys() | self._doubted
        new = [one for one in findings if one.fingerprint not in known]
        events = bench.recorder.since(played.mark) if new else ()
        if self._run > 1:
            # Of the first one all is kept: it shows what was watched.
            self._sum_up(played)
        told = ""
        proven = bench.proven(self._scenario, self._inputs, played, new, events)
        for one, finding in zip(new, proven, strict=True):
            if finding is None:
                self._doubted.add(one.fingerprint)
            else:
                self._found[one.fingerprint] = finding
                self._first = self._first or self._run
                told = told or finding.summary
        detail = f"{self._scenario.name}: {len(self._found)} found"
        self._listener(Progress("races", self._run, self._budget, detail, told))
        self._is_over = self._only_first and bool(self._found)

    def _sum_up(self, played: Played) -> None:
        """Keep of a schedule that it was run, and forget the rest."""
        kept = [
            event
            for event in self._bench.recorder.since(played.mark)
            if isinstance(event, Scheduled | ScheduleEnded | Note | Unseen)
        ]
        self._bench.recorder.forget(played.mark)
        for event in kept:
            self._bench.recorder.add(event)
