"""A replay of races: runs the schedules of tokens again, and says what they show."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from harness.errors import UsageError
from harness.exploring.diagram import interleaving_of
from harness.exploring.grounds import Inputs
from harness.exploring.proving import STEPS, Bench
from harness.exploring.rounds import read
from harness.exploring.schedules import Schedules
from harness.isolation.together import ORACLES, TOGETHER
from harness.model.coverage import Coverage
from harness.model.event import Note
from harness.model.measurement import Measurement
from harness.model.verdict import Outcome, Verdict
from harness.races.shelf import find_scenarios
from harness.run.directory import RunDirectory
from harness.run.grounds import Venue, open_venue
from harness.run.judged import Judged
from harness.run.judgement import check
from harness.run.loading import load_target, with_variant
from harness.run.races import EXERCISE, caveats
from harness.scheduling.token import Token, decode, encode

if TYPE_CHECKING:
    from harness.exploring.scenario import Scenario
    from harness.model.event import Event
    from harness.model.finding import Finding
    from harness.model.race import Interleaving
    from harness.model.result import Result
    from harness.run.order import Order

_MOST_TENANTS: Final = 1000
_HINT: Final = "Copy it whole from the report; `harness races` prints one per finding."


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of schedules that were run again.

    Attributes:
        result: What they show.
        orders: What happened in each.
    """

    result: Result
    orders: tuple[Interleaving, ...]


@dataclass(frozen=True, slots=True)
class _Again:
    """One schedule that was run again.

    Attributes:
        order: What happened.
        findings: What it shows, of what was looked for.
        unfit: How many of its deviations found nothing to be applied to.
    """

    order: Interleaving
    findings: tuple[Finding, ...]
    unfit: int


def replay_orders(
    order: Order,
    tokens: Mapping[str, str],
    *,
    files: Sequence[str] = (),
) -> Replayed:
    """Run the schedules of tokens again, each on the same state.

    Args:
        order: What was asked for; variant, seed and tenants are those of the tokens.
        tokens: What to run, all of one run; with each the fingerprint of the finding
            that counts, or how it begins: any counts if it is "".
        files: Of scenarios that do not come along.

    Raises:
        UsageError: A token is none, or nobody knows its scenario.
        HarnessError: It could not be run.
    """
    read = [decode(text) for text in tokens]
    inputs = [inputs_of(token) for token in read]
    scenarios = [_scenario(token, files) for token in read]
    order = order.changed(
        variant=read[0].variant,
        seed=read[0].seed,
        tenants=len(inputs[0].cast),
        task_steps=read[0].inputs.get(STEPS) is True,
    )
    target = load_target(order.settings.target, root=order.root)
    target = with_variant(target, order.settings.variant)
    settings = order.settings
    directory = RunDirectory.make(settings.runs, "replay", keep=settings.keep_runs)
    began = time.perf_counter()
    with open_venue(target, order) as venue:
        recorder, stage = venue.scene.recorder, venue.stage
        for caveat in caveats(target):
            recorder.add(Note("note", caveat))
        again = _played(venue, order, list(zip(scenarios, inputs, read, strict=True)))
        again = _counting(again, tuple(tokens.values()))
        history = stage.history(recorder.since())
        directory.write_history(history.events)
        judged = Judged(
            exercise=EXERCISE,
            history=history,
            tenants=stage.world.tenants,
            verdict=_verdict(again),
            findings=tuple(found for one in again for found in one.findings),
            coverage=_coverage(scenarios),
            measurements=(Measurement("duration", time.perf_counter() - began, "s"),),
        )
        result = judged.result(order, venue.pg, directory)
    directory.write_report(result)
    return Replayed(result, tuple(one.order for one in again))


def _played(
    venue: Venue, order: Order, schedules: Sequence[tuple[Scenario, Inputs, Token]]
) -> list[_Again]:
    """Run schedules one after another, each on the same state."""
    settings, recorder = order.settings, venue.scene.recorder
    # As isolation does: how starts and failures go is for races.
    together = all(scenario is TOGETHER for scenario, _, _ in schedules)

    def judge(events: tuple[Event, ...]) -> list[Finding]:
        found = check(venue.stage.history(events))
        return [one for one in found if not together or one.oracle in ORACLES]

    with venue.grounds(settings.seed, steps=settings.task_steps) as grounds:
        bench = Bench(
            schedules=Schedules(grounds, compared=not together),
            judge=judge,
            recorder=recorder,
            variant=settings.variant,
            seed=settings.seed,
            steps=settings.task_steps,
        )
        return [
            _again(bench, recorder, scenario, inputs, token)
            for scenario, inputs, token in schedules
        ]


def inputs_of(token: Token) -> Inputs:
    """Return what was drawn for a token's scenario.

    Raises:
        UsageError: It is not what a scenario can be given.
    """
    cast = _numbers(token.inputs.get("cast"))
    skipped = _numbers(token.inputs.get("skipped", []))
    reads = _numbers([token.inputs.get("reads", 0)])
    whole = cast is not None and sorted(cast) == list(range(len(cast)))
    if not whole or cast is None or skipped is None or reads is None:
        raise UsageError(
            "This is no replay token of races: its inputs are no cast.", hint=_HINT
        )
    if not 2 <= len(cast) <= _MOST_TENANTS:
        raise UsageError(
            f"This replay token is of {len(cast)} tenants; 2 to {_MOST_TENANTS} can be "
            "made.",
            hint=_HINT,
        )
    rounds = read(token.inputs.get("rounds", []), tenants=len(cast))
    return Inputs(tuple(cast), reads[0], frozenset(skipped), rounds)


def _numbers(value: Any) -> list[int] | None:
    """Return a list of small whole numbers; None if it is anything else."""
    if not isinstance(value, list):
        return None
    fits = all(type(one) is int and 0 <= one < 2**31 for one in value)
    return value if fits else None


def _scenario(token: Token, files: Sequence[str]) -> Scenario:
    """Return a token's scenario, of the user's files or of those that come along.

    Raises:
        UsageError: There is none of this name.
    """
    if token.scenario == TOGETHER.name:
        return TOGETHER
    for one in find_scenarios(files) if files else ():
        if one.name == token.scenario:
            return one
    try:
        return find_scenarios([token.scenario])[0]
    except UsageError as error:
        raise UsageError(
            error.message,
            hint="If it is one of yours, name its file: `--scenario mine.py`.",
        ) from None


def _again(
    bench: Bench,
    recorder: Any,
    scenario: Scenario,
    inputs: Inputs,
    token: Token,
) -> _Again:
    played, findings, unfit = bench.replay(scenario, inputs, token.tape)
    events = recorder.since(played.mark)
    happened = interleaving_of(
        events,
        scenario=scenario.name,
        token=encode(token),
        tape=token.tape,
        minimal=False,
        steps=token.inputs.get(STEPS) is True,
    )
    return _Again(happened, tuple(findings), len(unfit))


def _counting(again: Sequence[_Again], looked_for: Sequence[str]) -> list[_Again]:
    """Leave out what was not looked for, and say in which order the rest shows."""
    return [
        replace(
            one,
            findings=tuple(
                replace(found, interleaving=one.order)
                for found in one.findings
                if found.fingerprint.startswith(fingerprint)
            ),
        )
        for one, fingerprint in zip(again, looked_for, strict=True)
    ]


def _verdict(again: Sequence[_Again]) -> Verdict:
    """Decide: a schedule that could not be made again, and shows nothing, is open."""
    shown = sum(bool(one.findings) for one in again)
    noun = "schedule" if len(again) == 1 else "schedules"
    verb = "shows" if shown == 1 else "show"
    count = f"{shown} of {len(again)} {noun} {verb} a finding again"
    unfit = tuple(
        f"{one.unfit} of the token's deviations met nothing that they fit: the app, or "
        "what it does, has changed"
        for one in again
        if one.unfit
    )
    if shown:
        return Verdict(Outcome.FAIL, (count, *unfit))
    outcome = Outcome.INCONCLUSIVE if unfit else Outcome.PASS
    return Verdict(outcome, (*unfit, count))


def _coverage(scenarios: Sequence[Scenario]) -> Coverage:
    """Return what a replay is about; it does not look for anything else."""
    return Coverage(
        covered=tuple(dict.fromkeys(one.name for one in scenarios)),
        operations_required=0,
        operations_known=0,
        fields_seen=0,
        fields_planted=0,
        channels=(),
        probes=0,
        gaps=(),
    )
