"""Exploration: one scenario's schedules, until the budget ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, final

from harness.exploring.diagram import interleaving_of
from harness.exploring.grounds import Inputs
from harness.exploring.schedules import Played
from harness.model.event import Note, Unseen
from harness.model.progress import Progress
from harness.model.race import Scheduled, ScheduleEnded
from harness.scheduling.choice import FirstCome
from harness.scheduling.search.portfolio import Portfolio
from harness.scheduling.shrinking import shrink
from harness.scheduling.tape import Deviation, Player, Tape, tape_of
from harness.scheduling.token import Token, encode

if TYPE_CHECKING:
    from harness.exploring.scenario import Scenario
    from harness.exploring.schedules import Schedules
    from harness.model.event import Event
    from harness.model.finding import Finding
    from harness.model.progress import Listener
    from harness.recording.recorder import Recorder
    from harness.scheduling.choice import Chooser, Operation, Trace

Judge = Callable[[tuple["Event", ...]], list["Finding"]]

STEPS: Final = "steps"
"""Among the inputs of a token: that steps of tasks were put in order, too."""
BRIEFLY: Final = "at the granularity of task steps"
REPLAYS: Final = 3
"""How often a finding has to show again before it is reported."""
FACTS: Final = frozenset({"canary", "access", "egress"})
"""Oracles whose findings stand though they do not show again: the data was there."""
RUNS: Final = "runs of one schedule"
TRIES: Final = 120
"""Schedules that a finding's shortening may take."""


@dataclass(frozen=True, slots=True)
class Explored:
    """What came of one scenario.

    Attributes:
        scenario: Its name.
        schedules: How many were run, without those that confirm and shorten.
        distinct: How many of these were different.
        statement: Which set of schedules was run as a whole.
        choices: How many choices there are if nobody interferes.
        actors: How many actors.
        depth: Most deviations that all combinations of were run; -1 for none.
        bounds: For each random strategy that has one, the least probability that one
            of its schedules meets a bug of its depth.
        strategies: How many schedules each strategy had.
        parted: How many did not do again what they should have.
        first: Number of the first schedule, from 1, that showed a finding; 0 if none.
        findings: What was found.
    """

    scenario: str
    schedules: int
    distinct: int
    statement: str
    choices: int
    actors: int
    depth: int
    bounds: Mapping[str, float]
    strategies: Mapping[str, int]
    parted: int
    first: int
    findings: tuple[Finding, ...]


@final
class Exploration:
    """Explores scenarios.

    Args:
        schedules: Runs schedules.
        judge: Judges the events of one.
        recorder: Holds the events.
        variant: Of the target, for tokens.
        seed: Of whatever is drawn.
        steps: Whether steps of tasks are put in order, too; findings are labelled.
        listener: Hears of progress.
        only_first: Whether to stop at a scenario's first finding.
    """

    def __init__(
        self,
        schedules: Schedules,
        judge: Judge,
        recorder: Recorder,
        *,
        variant: str,
        seed: int,
        steps: bool = False,
        listener: Listener,
        only_first: bool = False,
    ) -> None:
        self._schedules = schedules
        self._judge = judge
        self._recorder = recorder
        self._variant = variant
        self._seed = seed
        self._steps = steps
        self._listener = listener
        self._only_first = only_first

    def explore(self, scenario: Scenario, inputs: Inputs, *, budget: int) -> Explored:
        """Run schedules of a scenario and judge each.

        Args:
            scenario: What happens.
            inputs: To whom.
            budget: How many schedules.

        Raises:
            HarnessError: The app or its surroundings failed where nobody disturbed.
        """
        portfolio = Portfolio(budget, seed=self._seed)
        found: dict[str, Finding] = {}
        doubted: set[str] = set()
        first, run = 0, 0
        doubts = tuple(self.rehearse(scenario, inputs))
        while (chosen := portfolio.next()) is not None:
            strategy, chooser = chosen
            played, findings = self._judged(scenario, inputs, chooser, strategy)
            portfolio.record(played.ran.trace)
            run += 1
            if run == 1:
                # What could not be done counts from the first schedule on.
                for doubt in doubts:
                    self._recorder.add(doubt)
            new = [
                one
                for one in findings
                if one.fingerprint not in found and one.fingerprint not in doubted
            ]
            events = self._recorder.since(played.mark) if new else ()
            if run > 1:
                # Of the first one all is kept: it shows what was watched.
                self._sum_up(played)
            for one in new:
                proven = self._proven(scenario, inputs, played, one, events)
                if proven is None:
                    doubted.add(one.fingerprint)
                else:
                    found[one.fingerprint] = proven
                    first = first or run
            detail = f"{scenario.name}: {len(found)} found"
            self._listener(Progress("races", run, budget, detail))
            if found and self._only_first:
                break
        return Explored(
            scenario=scenario.name,
            schedules=portfolio.counts.total(),
            distinct=portfolio.distinct,
            statement=portfolio.statement(),
            choices=portfolio.extent.choices,
            actors=portfolio.extent.actors,
            depth=-1 if portfolio.depth is None else portfolio.depth,
            bounds=portfolio.bounds,
            strategies=dict(portfolio.counts),
            parted=portfolio.parted,
            first=first,
            findings=tuple(found.values()),
        )

    def replay(
        self, scenario: Scenario, inputs: Inputs, tape: Tape
    ) -> tuple[Played, list[Finding], Tape]:
        """Run one schedule again.

        Returns:
            How it went, what it shows, and the deviations that did not fit.
        """
        player = Player(tape)
        played, findings = self._judged(scenario, inputs, player, "replay")
        return played, findings, player.unfit

    def rehearse(self, scenario: Scenario, inputs: Inputs) -> Iterator[Unseen]:
        """Tell what speaks against a scenario: it parts from itself, or is refused."""
        traces = []
        for _ in range(2):
            played = self._schedules.play(
                scenario, inputs, FirstCome(), strategy="rehearsal"
            )
            traces.append(played.ran.trace)
            self._recorder.forget(played.mark)
        parts = _parting(*traces)
        if parts:
            yield Unseen(
                "unseen",
                f"run the scenario {scenario.name} twice alike",
                "undisturbed it takes other choices each time, for something decides "
                f"that is not under control: {parts}",
            )
        alone = self._schedules.alone(scenario, inputs)
        for refusal in alone.refusals:
            yield Unseen("unseen", f"act in the scenario {scenario.name}", refusal)
        statuses = set(alone.statuses.values())
        if statuses and not any(200 <= status < 400 for status in statuses):
            told = ", ".join(str(status) for status in sorted(statuses))
            yield Unseen(
                "unseen",
                f"use the app in the scenario {scenario.name}",
                f"also one by one, none of its requests is served: {told}",
            )

    def _judged(
        self, scenario: Scenario, inputs: Inputs, chooser: Chooser, strategy: str
    ) -> tuple[Played, list[Finding]]:
        played = self._schedules.play(scenario, inputs, chooser, strategy=strategy)
        findings = self._judge(self._recorder.since(played.mark))
        return played, [one for one in findings if not one.circumstantial]

    def _sum_up(self, played: Played) -> None:
        """Keep of a schedule that it was run, and forget the rest."""
        kept = [
            event
            for event in self._recorder.since(played.mark)
            if isinstance(event, Scheduled | ScheduleEnded | Note | Unseen)
        ]
        self._recorder.forget(played.mark)
        for event in kept:
            self._recorder.add(event)

    def _proven(
        self,
        scenario: Scenario,
        inputs: Inputs,
        played: Played,
        finding: Finding,
        events: Sequence[Event],
    ) -> Finding | None:
        """Run a finding's schedule again, and shorten it; None if it does not show.

        Args:
            scenario: What happens.
            inputs: To whom.
            played: The schedule that showed it.
            finding: What was found.
            events: Of that schedule.
        """
        tape = tape_of(played.ran.trace)
        for time in range(REPLAYS):
            again, findings, unfit = self.replay(scenario, inputs, tape)
            shows = any(one.fingerprint == finding.fingerprint for one in findings)
            self._recorder.forget(again.mark)
            if not shows or unfit:
                self._doubt(scenario, finding, time, played, again)
                if finding.oracle not in FACTS:
                    return None
                summary = f"{finding.summary} (in {time + 1} of {time + 2} {RUNS})"
                seen = replace(finding, summary=summary)
                return self._drawn(scenario, inputs, tape, events, seen, minimal=False)
        return self._shortened(scenario, inputs, tape, played, finding)

    def _doubt(
        self,
        scenario: Scenario,
        finding: Finding,
        times: int,
        played: Played,
        again: Played,
    ) -> None:
        parts = _parting(played.ran.trace, again.ran.trace)
        self._recorder.add(
            Unseen(
                "unseen",
                f"see a finding of {scenario.name} again: {finding.summary}",
                f"it showed in {times + 1} of {times + 2} {RUNS}: "
                f"{parts or 'the choices are the same'}",
            )
        )

    def _shortened(
        self,
        scenario: Scenario,
        inputs: Inputs,
        tape: Tape,
        played: Played,
        finding: Finding,
    ) -> Finding:
        requests = [
            int(name.rpartition(" ")[2])
            for name in played.asked
            if name.startswith(("request ", "operator "))
        ]
        elements: list[Deviation | int] = [*tape, *requests]

        def fails(kept: tuple[Deviation | int, ...]) -> bool:
            again, findings, _ = self._again(scenario, inputs, requests, kept)
            self._recorder.forget(again.mark)
            return any(one.fingerprint == finding.fingerprint for one in findings)

        shrunk = shrink(elements, fails, tries=TRIES)
        again, findings, short = self._again(
            scenario, inputs, requests, shrunk.elements
        )
        events = self._recorder.since(again.mark)
        least = tuple(one for one in shrunk.elements if isinstance(one, Deviation))
        shown = next(
            (one for one in findings if one.fingerprint == finding.fingerprint), finding
        )
        minimal = shrunk.minimal
        return self._drawn(scenario, short, least, events, shown, minimal=minimal)

    def _drawn(
        self,
        scenario: Scenario,
        inputs: Inputs,
        tape: Tape,
        events: Sequence[Event],
        finding: Finding,
        *,
        minimal: bool,
    ) -> Finding:
        """Return a finding with the order of events that shows it."""
        token = Token(
            scenario=scenario.name,
            variant=self._variant,
            seed=self._seed,
            inputs={**written(inputs), **({STEPS: True} if self._steps else {})},
            tape=tape,
        )
        return replace(
            finding,
            summary=finding.summary + (f" ({BRIEFLY})" if self._steps else ""),
            interleaving=interleaving_of(
                events,
                scenario=scenario.name,
                token=encode(token),
                tape=tape,
                minimal=minimal,
                steps=self._steps,
            ),
        )

    def _again(
        self,
        scenario: Scenario,
        inputs: Inputs,
        requests: Sequence[int],
        kept: tuple[Deviation | int, ...],
    ) -> tuple[Played, list[Finding], Inputs]:
        left = frozenset(requests) - {one for one in kept if isinstance(one, int)}
        tape = tuple(one for one in kept if isinstance(one, Deviation))
        short = replace(inputs, skipped=inputs.skipped | left)
        played, findings, _ = self.replay(scenario, short, tape)
        return played, findings, short


def _parting(one: Trace, other: Trace) -> str:
    """Say where two runs part; "" if they do not."""
    for left, right in zip(one, other, strict=False):
        mine, theirs = left.operation, right.operation
        if mine.key != theirs.key:
            return f"choice {left.index + 1}: {_shown(mine)} and {_shown(theirs)}"
    if len(one) == len(other):
        return ""
    longer = max(one, other, key=len)[min(len(one), len(other))]
    return f"choice {longer.index + 1}, {_shown(longer.operation)}, is in one of them"


def _shown(operation: Operation) -> str:
    text = f"{operation.actor} #{operation.sequence}"
    return f"{text} ({operation.outcome})" if operation.outcome else text


def written(inputs: Inputs) -> Mapping[str, Any]:
    """Return inputs as JSON can carry them."""
    return {
        "cast": list(inputs.cast),
        "reads": inputs.reads,
        "skipped": sorted(inputs.skipped),
    }
