"""A run of the races exercise."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from harness.checkers.racing import coverage_of_races
from harness.errors import HarnessError, Inconclusive
from harness.exploring.exploration import Exploration
from harness.exploring.grounds import Grounds
from harness.exploring.proving import TRIES, Bench
from harness.exploring.schedules import Schedules
from harness.gates import Gates, judge_run
from harness.model.event import Note, Unseen
from harness.model.finding import merged
from harness.model.history import History
from harness.model.measurement import Measurement
from harness.model.progress import Progress
from harness.races.drawing import draw_inputs, others
from harness.races.hashes import VARIABLE, is_fixed
from harness.races.shelf import find_scenarios
from harness.run.directory import RunDirectory
from harness.run.explored import explored, figures
from harness.run.grounds import Venue, open_venue
from harness.run.judged import Judged
from harness.run.judgement import check
from harness.run.loading import load_target, with_variant

if TYPE_CHECKING:
    from harness.exploring.course import Course
    from harness.exploring.grounds import Inputs
    from harness.exploring.scenario import Scenario
    from harness.model.event import Event
    from harness.model.finding import Finding
    from harness.model.result import Result
    from harness.run.order import Order
    from harness.target.target import Target


EXERCISE: Final = "races"
VARIED: Final = 40
"""Schedules for each of which a scenario asks once for something else of the app."""
MOST_VARIED: Final = 2
"""For how many other things, at most: each has an eighth of the schedules."""
TURN: Final = 8
"""Schedules of a scenario before the next has its turn, where one finding is enough."""


def races(
    order: Order, scenarios: Sequence[str] = (), *, only_first: bool = False
) -> Result:
    """Explore in which orders start-up and first use can meet.

    Args:
        order: What was asked for.
        scenarios: Names or files; all that come along if none is named.
        only_first: Whether to stop at the first finding.

    Raises:
        UsageError: An event loop runs here already, or a scenario does not exist.
        HarnessError: The run could not be made, and nothing was proven.
    """
    return explore_target(
        with_variant(
            load_target(order.settings.target, root=order.root), order.settings.variant
        ),
        order,
        find_scenarios(scenarios),
        only_first=only_first,
    )


def explore_target(
    target: Target,
    order: Order,
    scenarios: Sequence[Scenario],
    *,
    only_first: bool = False,
) -> Result:
    """Explore scenarios of a target; see `races`."""
    with open_venue(target, order) as venue:
        return explore_at(venue, order, scenarios, only_first=only_first)


def explore_at(
    venue: Venue,
    order: Order,
    scenarios: Sequence[Scenario],
    *,
    only_first: bool = False,
    tries: int = TRIES,
) -> Result:
    """Explore scenarios in a world that is there already.

    Args:
        venue: The world; afterwards it is as before.
        order: What was asked for; tenants and variant are the world's.
        scenarios: What happens.
        only_first: Whether to stop at the first finding.
        tries: Schedules that a finding's shortening may take.

    Raises:
        HarnessError: It could not be done, and nothing was proven.
    """
    return _Run(venue, order, scenarios, only_first=only_first, tries=tries).result()


@dataclass(slots=True)
class _Run:
    """One run, and what it has come to so far."""

    venue: Venue
    order: Order
    scenarios: Sequence[Scenario]
    only_first: bool = False
    tries: int = TRIES
    courses: list[Course] = field(default_factory=list)

    def result(self) -> Result:
        """Do it, and judge what came of it."""
        settings, recorder = self.order.settings, self.venue.scene.recorder
        directory = RunDirectory.make(settings.runs, EXERCISE, keep=settings.keep_runs)
        directory.write_world(self.venue.stage.world)
        began, mark = time.perf_counter(), recorder.mark
        for caveat in caveats(self.venue.target):
            recorder.add(Note("note", caveat))
        try:
            with self.venue.grounds(
                settings.seed, steps=settings.task_steps
            ) as grounds:
                self._explore(grounds)
        except Inconclusive as error:
            recorder.add(Unseen("unseen", error.message, error.hint))
        except HarnessError as error:
            directory.write_history(recorder.since())
            if not self._findings():
                raise
            text = f"The run ended early: {error.message}"
            recorder.add(Unseen("unseen", text, error.hint))
        history = self.venue.stage.history(recorder.since())
        directory.write_history(history.events)
        judged = self._judged(history, time.perf_counter() - began)
        result = judged.result(self.order, self.venue.pg, directory)
        directory.write_report(result)
        recorder.forget(mark)
        return result

    def _explore(self, grounds: Grounds) -> None:
        settings = self.order.settings
        exploration = Exploration(
            Bench(
                schedules=Schedules(grounds),
                judge=self._judge,
                recorder=grounds.scene.recorder,
                variant=settings.variant,
                seed=settings.seed,
                steps=settings.task_steps,
                tries=self.tries,
            ),
            listener=self._told,
            only_first=self.only_first,
        )
        plays = self._plays(grounds, exploration)
        if not self.only_first:
            for scenario, inputs, budget in plays:
                self.courses.append(exploration.begin(scenario, inputs, budget=budget))
                self.courses[-1].go_on(budget)
            return
        # In turns, so that what shows early in any of them is found early.
        for scenario, inputs, budget in plays:
            self.courses.append(exploration.begin(scenario, inputs, budget=budget))
            self.courses[-1].go_on(TURN)
            if self.courses[-1].findings:
                return
        turn = TURN
        while not all(one.is_over for one in self.courses):
            for course in self.courses:
                course.go_on(turn)
                if course.findings:
                    return
            turn *= 2

    def _told(self, progress: Progress) -> None:
        """Say of which scenario it is, and how many there are."""
        begun = len({one.name for one in self.courses})
        total = sum(not self._lacks(one) for one in self.scenarios)
        detail = f"scenario {begun} of {total}, {progress.detail}"
        self.order.listener(replace(progress, detail=detail))

    def _plays(
        self, grounds: Grounds, exploration: Exploration
    ) -> Iterator[tuple[Scenario, Inputs, int]]:
        """Yield what is explored, with whom and how often; note what is left out."""
        settings = self.order.settings
        for scenario in self.scenarios:
            missing = self._lacks(scenario)
            if missing:
                text = f"The scenario {scenario.name} is left out: {missing}."
                grounds.scene.recorder.add(Note("note", text))
                continue
            drawn = draw_inputs(
                1 + settings.schedules // 400,
                tenants=settings.tenants,
                reads=len(grounds.reads),
                seeded=settings.seed,
            )
            share = max(1, settings.schedules // len(drawn))
            for inputs in drawn:
                varied = self._varied(grounds, exploration, scenario, inputs, share)
                part = share // 8
                yield scenario, inputs, share - part * len(varied)
                for one in varied:
                    yield scenario, one, part

    def _varied(
        self,
        grounds: Grounds,
        exploration: Exploration,
        scenario: Scenario,
        plain: Inputs,
        share: int,
    ) -> list[Inputs]:
        """Return inputs that have a scenario ask for something else, if it lets them.

        Args:
            grounds: What can be asked for.
            exploration: Rehearses.
            scenario: What happens.
            plain: With what it is explored in any case.
            share: How many schedules there are for all of them.
        """
        drawn = others(
            plain,
            count=min(share // VARIED, MOST_VARIED),
            asked=len(grounds.reads) + len(grounds.writes),
            scenario=scenario.name,
            seeded=self.order.settings.seed,
        )
        return [one for one in drawn if exploration.suits(scenario, plain, one)]

    def _lacks(self, scenario: Scenario) -> str:
        """Say why a scenario is left out; "" if it is not."""
        return next(self._lacking(scenario), "")

    def _lacking(self, scenario: Scenario) -> Iterator[str]:
        target, tenants = self.venue.target, self.order.settings.tenants
        for action in scenario.actions:
            if action not in target.actions:
                yield f"the target has no action {action!r}"
        for subject in scenario.generations:
            if subject not in target.generations:
                yield f"the target has no generations of {subject!r}"
        if scenario.idle and not target.idle:
            yield "the target does not say how its app gives up what nobody uses"
        if scenario.ready and not target.ready:
            yield "the target does not say where its app tells that it is ready"
        if scenario.flows and not self.venue.flows:
            yield "no stream or socket of the app's is known that stays open"
        if scenario.tenants > tenants:
            yield f"it needs {scenario.tenants} tenants, and there are {tenants}"

    def _judge(self, events: tuple[Event, ...]) -> list[Finding]:
        return check(self.venue.stage.history(events))

    def _findings(self) -> tuple[Finding, ...]:
        found = [one for course in self.courses for one in course.findings]
        return tuple(merged(found))

    def _judged(self, history: History, seconds: float) -> Judged:
        settings = self.order.settings
        findings = self._findings()
        names = [one.name for one in self.scenarios if not self._lacks(one)]
        covered = coverage_of_races(history, scenarios=names)
        summed = explored([one.explored for one in self.courses], history)
        measured = (Measurement("duration", seconds, "s"), *figures(summed))
        gates = Gates(fail_on=settings.fail_on, budgets=settings.budget)
        return Judged(
            exercise=EXERCISE,
            history=history,
            tenants=self.venue.stage.world.tenants,
            verdict=judge_run(findings, covered, measured, gates=gates),
            findings=findings,
            coverage=covered,
            measurements=measured,
            surroundings={"schedules": str(settings.schedules)},
            explored=summed,
        )


def caveats(target: Target) -> Iterator[str]:
    """Say what outlives a schedule, or differs from process to process."""
    if not target.reimport:
        yield (
            "Module-level state of the app lives on between schedules: name its "
            "packages in Target.reimport."
        )
    if not is_fixed(os.environ):
        yield (
            "The hashes of this process are its own, so another one may order sets "
            f"otherwise and take other schedules: set {VARIABLE} before Python starts."
        )
