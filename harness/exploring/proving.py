"""Proofs: a finding's schedule is run again, and cut down to what shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias, final

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
Part: TypeAlias = tuple[Deviation | int, ...]
"""Deviations that are kept, and numbers of requests."""

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
        found: Sequence[Finding],
        events: Sequence[Event],
    ) -> list[Finding | None]:
        """Run the schedule of findings again, and shorten it for each of them.

        Args:
            scenario: What happens.
            inputs: To whom.
            played: The schedule that showed them.
            found: What was found.
            events: Of that schedule.

        Returns:
            For each what it has become; None if it does not show again.
        """
        reruns = Reruns(self, scenario, inputs, played)
        return [self._proven(reruns, one, events) for one in found]

    def _proven(
        self, reruns: Reruns, finding: Finding, events: Sequence[Event]
    ) -> Finding | None:
        for time in range(REPLAYS):
            again, prints, fits = reruns.again(time)
            shows = finding.fingerprint in prints
            if not shows or not fits:
                seen = f"in {time + 1 + shows} of {time + 2} {RUNS}"
                self._doubt(reruns, finding, seen, again)
                if finding.oracle not in FACTS:
                    return None
                told = replace(finding, summary=f"{finding.summary} ({seen})")
                return self._drawn(
                    reruns.scenario,
                    reruns.inputs,
                    reruns.tape,
                    events,
                    told,
                    minimal=False,
                )
        return self._shortened(reruns, finding)

    def _doubt(
        self, reruns: Reruns, finding: Finding, seen: str, again: Played
    ) -> None:
        parts = parting(reruns.played.ran.trace, again.ran.trace)
        self.recorder.add(
            Unseen(
                "unseen",
                f"see a finding of {reruns.scenario.name} again: {finding.summary}",
                f"it showed {seen}: {parts or 'the choices are the same'}",
            )
        )

    def _shortened(self, reruns: Reruns, finding: Finding) -> Finding:
        wanted = finding.fingerprint
        elements: list[Deviation | int] = [*reruns.tape, *reruns.requests]
        shrunk = shrink(
            elements, lambda kept: wanted in reruns.shown_by(kept), tries=self.tries
        )
        short, tape = reruns.reduced(shrunk.elements)
        again, findings, _ = self.replay(reruns.scenario, short, tape)
        shown = next((one for one in findings if one.fingerprint == wanted), finding)
        return self._drawn(
            reruns.scenario,
            short,
            tape,
            self.recorder.since(again.mark),
            shown,
            minimal=shrunk.minimal,
        )

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


@final
class Reruns:
    """What running a schedule again, and parts of it, has shown so far.

    Whatever is asked of it is run once: several findings of one schedule most often
    show in the same parts of it.

    Args:
        bench: What schedules are run with.
        scenario: What happens.
        inputs: To whom.
        played: The schedule.
    """

    def __init__(
        self, bench: Bench, scenario: Scenario, inputs: Inputs, played: Played
    ) -> None:
        self.scenario = scenario
        self.inputs = inputs
        self.played = played
        self.tape = tape_of(played.ran.trace)
        self.requests = [
            int(name.rpartition(" ")[2])
            for name in played.asked
            if name.startswith(("request ", "operator "))
        ]
        self._bench = bench
        self._whole: list[tuple[Played, frozenset[str], bool]] = []
        self._parts: dict[Part, frozenset[str]] = {}

    def again(self, time: int) -> tuple[Played, frozenset[str], bool]:
        """Run it again as a whole.

        Args:
            time: For the how-manieth time, from 0.

        Returns:
            How it went, the fingerprints of what it showed, and whether all of its
            deviations fitted.
        """
        while len(self._whole) <= time:
            played, prints, fits = self._run(self.inputs, self.tape)
            self._whole.append((played, prints, fits))
        return self._whole[time]

    def shown_by(self, kept: Part) -> frozenset[str]:
        """Run a part of it; return the fingerprints of what that shows."""
        if kept not in self._parts:
            _, prints, _ = self._run(*self.reduced(kept))
            self._parts[kept] = prints
        return self._parts[kept]

    def reduced(self, kept: Part) -> tuple[Inputs, Tape]:
        """Return the inputs and the tape of a part."""
        left = frozenset(self.requests).difference(
            one for one in kept if isinstance(one, int)
        )
        tape = tuple(one for one in kept if isinstance(one, Deviation))
        return replace(self.inputs, skipped=self.inputs.skipped | left), tape

    def _run(self, inputs: Inputs, tape: Tape) -> tuple[Played, frozenset[str], bool]:
        played, findings, unfit = self._bench.replay(self.scenario, inputs, tape)
        self._bench.recorder.forget(played.mark)
        return played, frozenset(one.fingerprint for one in findings), not unfit


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
