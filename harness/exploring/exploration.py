"""Exploration: one scenario's schedules, until the budget ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from harness.errors import UsageError
from harness.exploring.course import Course
from harness.exploring.proving import Bench, parting
from harness.model.event import Unseen
from harness.scheduling.choice import FirstCome

if TYPE_CHECKING:
    from harness.exploring.grounds import Inputs
    from harness.exploring.scenario import Scenario
    from harness.model.progress import Listener
    from harness.scheduling.choice import Trace


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How a scenario goes undisturbed.

    Attributes:
        trace: What could be chosen.
        doubts: Why what is explored of it may not count.
    """

    trace: Trace
    doubts: tuple[Unseen, ...]


@final
class Exploration:
    """Explores scenarios.

    Args:
        bench: What schedules are run, judged and proven with.
        listener: Hears of progress.
        only_first: Whether to stop at a scenario's first finding.
    """

    def __init__(
        self,
        bench: Bench,
        *,
        listener: Listener,
        only_first: bool = False,
    ) -> None:
        self._bench = bench
        self._listener = listener
        self._only_first = only_first
        self._rehearsals: dict[tuple[str, Inputs], Rehearsal] = {}

    def begin(self, scenario: Scenario, inputs: Inputs, *, budget: int) -> Course:
        """Rehearse a scenario; its schedules are then run bit by bit.

        Args:
            scenario: What happens.
            inputs: To whom.
            budget: How many schedules.

        Raises:
            HarnessError: The app or its surroundings failed where nobody disturbed.
        """
        return Course(
            self._bench,
            scenario,
            inputs,
            budget=budget,
            doubts=self.rehearse(scenario, inputs).doubts,
            listener=self._listener,
            only_first=self._only_first,
        )

    def explore(self, scenario: Scenario, inputs: Inputs, *, budget: int) -> Course:
        """Run all schedules of a scenario and judge each; see `begin`."""
        course = self.begin(scenario, inputs, budget=budget)
        while not course.is_over:
            course.go_on(budget)
        return course

    def suits(self, scenario: Scenario, plain: Inputs, other: Inputs) -> bool:
        """Whether other inputs have a scenario do other things, and well.

        Args:
            scenario: What happens.
            plain: Inputs with which it is explored in any case.
            other: Inputs with which it may be explored, too.
        """
        try:
            one, another = (self.rehearse(scenario, each) for each in (plain, other))
        except UsageError:
            return False  # it cannot be asked for by all who ask in it
        mine, others = (
            [(each.operation.key, each.operation.label) for each in rehearsal.trace]
            for rehearsal in (one, another)
        )
        return not another.doubts and mine != others

    def rehearse(self, scenario: Scenario, inputs: Inputs) -> Rehearsal:
        """Run a scenario undisturbed; it is done for it once.

        Raises:
            HarnessError: The app or its surroundings failed.
        """
        key = scenario.name, inputs
        if key not in self._rehearsals:
            traces = []
            for _ in range(2):
                played = self._bench.schedules.play(
                    scenario, inputs, FirstCome(), strategy="rehearsal"
                )
                traces.append(played.ran.trace)
                self._bench.recorder.forget(played.mark)
            parts = parting(*traces)
            doubts = tuple(self._doubts(scenario, inputs, parts))
            self._rehearsals[key] = Rehearsal(traces[0], doubts)
        return self._rehearsals[key]

    def _doubts(
        self, scenario: Scenario, inputs: Inputs, parts: str
    ) -> Iterator[Unseen]:
        """Tell what speaks against a scenario: it parts from itself, or is refused."""
        if parts:
            yield Unseen(
                "unseen",
                f"run the scenario {scenario.name} twice alike",
                "undisturbed it takes other choices each time, for something decides "
                f"that is not under control: {parts}",
            )
        alone = self._bench.schedules.alone(scenario, inputs)
        for refusal in alone.refusals:
            yield Unseen("unseen", f"act in the scenario {scenario.name}", refusal)
        for text in dict.fromkeys(alone.unlike):
            yield Unseen(
                "unseen",
                f"read in the scenario {scenario.name} what it writes",
                f"also one by one, {text}: look at the hooks of Target.generations",
            )
        statuses = set(alone.statuses.values())
        if statuses and not any(200 <= status < 400 for status in statuses):
            told = ", ".join(str(status) for status in sorted(statuses))
            yield Unseen(
                "unseen",
                f"use the app in the scenario {scenario.name}",
                f"also one by one, none of its requests is served: {told}",
            )
