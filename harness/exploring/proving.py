"""Proofs: a finding's schedule is run again, and cut down to what shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from harness.exploring import rounds
from harness.exploring.diagram import interleaving_of
from harness.exploring.grounds import Inputs
from harness.exploring.schedules import Played
from harness.model.event import Unseen
from harness.scheduling.shrinking import shrink
from harness.scheduling.tape import Deviation, Player, Tape, tape_of
from harness.scheduling.token import Token, encode

if TYPE_CHECKING:
    from harness.exploring.scenario import Scenario
    from harness.exploring.schedules import Schedules
    from harness.model.event import Event
    from harness.model.finding import Finding
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What schedules are run, judged and proven with.

    Attributes:
        schedules: Runs schedules.
        judge: Judges the events of one.
        recorder: Holds the events.
        variant: Of the target, for tokens.
        seed: Of whatever is drawn.
        steps: Whether steps of tasks are put in order, too; findings are labelled.
        tries: Schedules that a finding's shortening may take.
    """

    schedules: Schedules
    judge: Judge
    recorder: Recorder
    variant: str
    seed: int
    steps: bool = False
    tries: int = TRIES

    def judged(
        self, scenario: Scenario, inputs: Inputs, chooser: Chooser, strategy: str
    ) -> tuple[Played, list[Finding]]:
        """Run a schedule and judge it; what chance could explain is no finding."""
        played = self.schedules.play(scenario, inputs, chooser, strategy=strategy)
        findings = self.judge(self.recorder.since(played.mark))
        return played, [one for one in findings if not one.circumstantial]

    def replay(
        self, scenario: Scenario, inputs: Inputs, tape: Tape
    ) -> tuple[Played, list[Finding], Tape]:
        """Run one schedule again.

        Returns:
            How it went, what it shows, and the deviations that did not fit.
        """
        player = Player(tape)
        played, findings = self.judged(scenario, inputs, player, "replay")
        return played, findings, player.unfit

    def proven(
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
            self.recorder.forget(again.mark)
            if not shows or unfit:
                seen = f"in {time + 1 + shows} of {time + 2} {RUNS}"
                self._doubt(scenario, finding, seen, played, again)
                if finding.oracle not in FACTS:
                    return None
                told = replace(finding, summary=f"{finding.summary} ({seen})")
                return self._drawn(scenario, inputs, tape, events, told, minimal=False)
        return self._shortened(scenario, inputs, tape, played, finding)

    def _doubt(
        self,
        scenario: Scenario,
        finding: Finding,
        seen: str,
        played: Played,
        again: Played,
    ) -> None:
        parts = parting(played.ran.trace, again.ran.trace)
        self.recorder.add(
            Unseen(
                "unseen",
                f"see a finding of {scenario.name} again: {finding.summary}",
                f"it showed {seen}: {parts or 'the choices are the same'}",
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
            self.recorder.forget(again.mark)
            return any(one.fingerprint == finding.fingerprint for one in findings)

        shrunk = shrink(elements, fails, tries=self.tries)
        again, findings, short = self._again(
            scenario, inputs, requests, shrunk.elements
        )
        events = self.recorder.since(again.mark)
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
            variant=self.variant,
            seed=self.seed,
            inputs={**written(inputs), **({STEPS: True} if self.steps else {})},
            tape=tape,
        )
        return replace(
            finding,
            summary=finding.summary + (f" ({BRIEFLY})" if self.steps else ""),
            interleaving=interleaving_of(
                events,
                scenario=scenario.name,
                token=encode(token),
                tape=tape,
                minimal=minimal,
                steps=self.steps,
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


def parting(one: Trace, other: Trace) -> str:
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
        **({"rounds": rounds.written(inputs.rounds)} if inputs.rounds else {}),
    }
